import type { Command } from "commander";
import { migrateDatabase } from "./database.ts";
import { print } from "./output.ts";

export function addMigrateCommand(program: Command): void {
  program
    .command("migrate")
    .description("bring the database schema up to date, as every start of the service does")
    .option("--grant-to <role>", "give a role the rights of a service that runs with MIGRATE=off")
    .option("--json", "print one JSON object")
    .action(async ({ json, grantTo }) => {
      const migrations = await migrateDatabase(grantTo);
      const text = migrations.join("\n") || "the schema is up to date";
      const granted =
        grantTo === undefined ? "" : `\ngranted the rights of the service to ${grantTo}`;
      print(json, { migrations }, text + granted);
    });
}
