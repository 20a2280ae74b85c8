import type { Command } from "commander";
import { InvalidArgumentError } from "commander";
import { migrateDatabase } from "./database.ts";
import { print } from "./output.ts";

export function addMigrateCommand(program: Command): void {
  program
    .command("migrate")
    .description("bring the database schema up to date, as every start of the service does")
    .option("--grant-to <role>", "give a role the rights of a service that runs with MIGRATE=off")
    .option("--distributed", "distribute the contacts over the nodes of Citus, by owner")
    .option("--shards <number>", "with --distributed: default four for each node", parseShards)
    .option("--json", "print one JSON object")
    .action(async ({ json, grantTo, distributed, shards }) => {
      const migrations = await migrateDatabase({
        grantTo,
        distribute: distributed ? { shards } : undefined,
      });
      const text = migrations.join("\n") || "the schema is up to date";
      const granted =
        grantTo === undefined ? "" : `\ngranted the rights of the service to ${grantTo}`;
      print(json, { migrations }, text + granted);
    });
}

/** Citus supports up to 64,000 shards. Each costs memory on every node. */
const maxShards = 4_096;

function parseShards(text: string): number {
  const number = Number(text);
  if (Number.isInteger(number) && number >= 1 && number <= maxShards) return number;
  throw new InvalidArgumentError(`It must be a number from 1 to ${maxShards}.`);
}
