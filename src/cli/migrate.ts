import type { Command } from "commander";
import { migrateDatabase } from "./database.ts";
import { print } from "./output.ts";

export function addMigrateCommand(program: Command): void {
  program
    .command("migrate")
    .description("bring the database schema up to date, as every start of the service does")
    .option("--json", "print one JSON object")
    .action(async ({ json }) => {
      const migrations = await migrateDatabase();
      print(json, { migrations }, migrations.join("\n") || "the schema is up to date");
    });
}
