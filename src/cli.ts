import { Command, InvalidArgumentError } from "commander";
import { appNameRule, parseAppName } from "./access/app-name.ts";
import { parseDuration } from "./access/duration.ts";
import type { App, KeyRecord, KeyStore } from "./access/key-store.ts";
import { generateServerKey, hashSecret, serverKeyHeader } from "./access/server-key.ts";
import type { Config } from "./config.ts";
import { parseConfig } from "./config.ts";
import { createDatabase } from "./storage/database.ts";
import { migrate } from "./storage/migrate.ts";
import { createPostgresKeyStore } from "./storage/postgres-key-store.ts";
import { DatabaseError, databaseName } from "./storage/startup.ts";

/** A failure that the user can mend. They see its message alone. */
class CommandError extends Error {}

/** Longest that one command waits for the database, in milliseconds. */
const timeoutMs = 30_000;
const migrationTimeoutMs = 3_600_000;

const program = new Command("kith")
  .description("Manages the apps and Server-Keys of Kith, on the database of the service")
  .showHelpAfterError()
  .addHelpText(
    "after",
    "\nThe database is DATABASE_URL or, without it, the embedded Postgres in DATA_DIR (.data),\n" +
      "whether the service runs or not.",
  );

const apps = program.command("apps").description("create and list apps");

apps
  .command("create")
  .description("create an app")
  .argument("<name>", appNameRule, appName)
  .option("--json", "print one JSON object")
  .action((name: string, { json }) =>
    withKeys(async (keys) => {
      const app = await keys.createApp(name);
      if (app === undefined) throw new CommandError(`app ${name} exists already`);
      print(json, describeApp(app), `created app ${name}`);
    }),
  );

apps
  .command("list")
  .description("list the apps")
  .option("--json", "print one JSON array")
  .action(({ json }) =>
    withKeys(async (keys) => {
      const found = (await keys.listApps()).map(describeApp);
      print(json, found, table(found));
    }),
  );

const keyCommands = program.command("keys").description("create, list and revoke Server-Keys");

keyCommands
  .command("create")
  .description("create a Server-Key; its secret is shown this once")
  .requiredOption("--app <name>", "the app it is for")
  .option(
    "--expires <duration>",
    "such as 90d, 12h or 30m; without it the key does not expire",
    expiry,
  )
  .option("--json", "print one JSON object: app, id, secret, header, expiresAt")
  .action(({ app: name, expires, json }) =>
    withKeys(async (keys) => {
      const app = await findApp(keys, name);
      const key = generateServerKey();
      const expiresAt = expires === undefined ? null : new Date(Date.now() + expires);
      await keys.createKey({
        id: key.id,
        secretHash: hashSecret(key.secret),
        appId: app.id,
        expiresAt,
      });
      const made = { app: name, ...key, header: serverKeyHeader(key), expiresAt };
      print(json, made, details(made));
    }),
  );

keyCommands
  .command("list")
  .description("list the Server-Keys of an app, without their secrets")
  .requiredOption("--app <name>", "the app")
  .option("--json", "print one JSON array")
  .action(({ app: name, json }) =>
    withKeys(async (keys) => {
      const app = await findApp(keys, name);
      const found = (await keys.listKeys(app.id)).map(describeKey);
      print(json, found, table(found));
    }),
  );

keyCommands
  .command("revoke")
  .description("revoke a Server-Key; every process refuses it within 10 seconds")
  .argument("<key-id>", "as shown by keys list")
  .option("--json", "print one JSON object")
  .action((id: string, { json }) =>
    withKeys(async (keys) => {
      const record = await keys.revokeKey(id);
      if (record === undefined) throw new CommandError(`there is no key ${id}`);
      print(json, describeKey(record), `revoked key ${id}`);
    }),
  );

program
  .command("migrate")
  .description("bring the database schema up to date, as every start of the service does")
  .option("--json", "print one JSON object")
  .action(({ json }) =>
    withDatabase(migrationTimeoutMs, async (_, migrations) => {
      print(json, { migrations }, migrations.join("\n") || "the schema is up to date");
    }),
  );

try {
  await program.parseAsync();
} catch (error) {
  console.error(`error: ${error instanceof Error ? error.message : error}`);
  // The driver can leave a connection open that it failed to open fully.
  process.exit(1);
}

function withKeys(work: (keys: KeyStore) => Promise<void>): Promise<void> {
  return withDatabase(timeoutMs, (db) => work(createPostgresKeyStore(db)));
}

type Db = ReturnType<typeof createDatabase>;

/** Runs a command on a database that is migrated. */
async function withDatabase(
  limitMs: number,
  work: (db: Db, migrations: readonly string[]) => Promise<void>,
): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const config = parseConfig(process.env);
  const embedded = config.databaseUrl === undefined ? await joinEmbedded(config) : undefined;
  if (embedded !== undefined) stack.defer(() => embedded.stop());
  const db = createDatabase({
    connectionString: config.databaseUrl ?? embedded?.connectionString ?? "",
    schema: config.databaseSchema,
    poolSize: 1,
    timeoutMs: limitMs,
    onConnectionLost: () => {},
  });
  stack.defer(() => db.destroy());
  const { migrations } = await migrate(db, {
    schema: config.databaseSchema,
    onWait: () => console.error("waiting for another process that migrates the database"),
    onNewer: () => console.error("warning: the schema is newer than this version of Kith"),
  }).catch((error) => {
    throw new DatabaseError(databaseName(config), error);
  });
  await work(db, migrations);
}

async function joinEmbedded({ dataDir }: Config) {
  const { joinEmbeddedPostgres } = await import("./embedded/postgres.ts");
  return joinEmbeddedPostgres({ dataDir });
}

async function findApp(keys: KeyStore, name: string): Promise<App> {
  const app = await keys.findApp(name);
  if (app === undefined) throw new CommandError(`there is no app ${name}; see kith apps list`);
  return app;
}

function appName(text: string): string {
  const name = parseAppName(text);
  if (name === undefined) throw new InvalidArgumentError(`It must have ${appNameRule}.`);
  return name;
}

function expiry(text: string): number {
  const duration = parseDuration(text);
  if (duration === undefined) {
    throw new InvalidArgumentError("It must be a duration such as 90d, 12h or 30m.");
  }
  return duration;
}

function describeApp({ name, createdAt }: App) {
  return { name, createdAt };
}

function describeKey({ id, createdAt, expiresAt, revokedAt }: KeyRecord) {
  return { id, createdAt, expiresAt, revokedAt };
}

function print(json: boolean | undefined, value: unknown, text: string): void {
  console.log(json ? JSON.stringify(value) : text);
}

function details(value: Record<string, unknown>): string {
  return Object.entries(value)
    .map(([name, field]) => `${name.padEnd(12)}${show(field)}`)
    .join("\n");
}

function table(rows: readonly Record<string, unknown>[]): string {
  const [first] = rows;
  if (first === undefined) return "none";
  const columns = Object.keys(first);
  const lines = [columns, ...rows.map((row) => columns.map((column) => show(row[column])))];
  const widths = columns.map((_, n) => Math.max(...lines.map((line) => line[n]?.length ?? 0)));
  return lines
    .map((line) =>
      line
        .map((cell, n) => cell.padEnd(widths[n] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

function show(value: unknown): string {
  if (value instanceof Date) return value.toISOString();
  return value === null ? "-" : String(value);
}
