import { Command } from "commander";
import { addAppCommands } from "./cli/apps.ts";
import { addKeyCommands } from "./cli/keys.ts";
import { addMigrateCommand } from "./cli/migrate.ts";
import { addTransferCommands } from "./cli/transfer.ts";
import { version } from "./version.ts";

// The console ignores errors. A lost line can be the only copy of a secret.
process.stdout.on("error", ({ message }) => {
  console.error(`error: the result cannot be written: ${message}`);
  process.exit(1);
});

const program = new Command("kith")
  .description("Manages the apps and Server-Keys of Kith, on the database of the service")
  .version(version, "--version", "print the version")
  .showHelpAfterError()
  .addHelpText(
    "after",
    "\nThe database is DATABASE_URL or, without it, the embedded Postgres in DATA_DIR (.data),\n" +
      "whether the service runs or not.",
  );
addAppCommands(program);
addKeyCommands(program);
addMigrateCommand(program);
addTransferCommands(program);

try {
  await program.parseAsync();
} catch (error) {
  console.error(`error: ${error instanceof Error ? error.message : error}`);
  // The driver can leave a connection open that it failed to open fully.
  process.exit(1);
}
