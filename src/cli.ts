import { Command, InvalidArgumentError } from "commander";
import { parseDuration } from "./access/duration.ts";
import type { App, KeyRecord, KeyStore } from "./access/key-store.ts";
import { generateServerKey, hashSecret, serverKeyHeader } from "./access/server-key.ts";
import type { Config } from "./config.ts";
import { parseConfig } from "./config.ts";
import { Fault } from "./errors.ts";
import { createDatabase } from "./storage/database.ts";
import { createKeyStore } from "./storage/key-store.ts";
import { migrate } from "./storage/migrate.ts";
import { withDatabaseFaults } from "./storage/transaction.ts";

/** A failure that is the user's to mend: its message is all they see. */
class CommandError extends Error {}

/** Longest that one command may wait for the database, in milliseconds. */
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
  .argument("<name>", "1 to 50 characters", appName)
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
      await keys.ensureKey({
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
    withDatabase(migrationTimeoutMs, async (db) => {
      const migrations = await withDatabaseFaults(() => migrate(db));
      print(json, { migrations }, migrations.join("\n") || "the schema is up to date");
    }),
  );

try {
  await program.parseAsync();
} catch (error) {
  console.error(`error: ${explain(error)}`);
  process.exitCode = 1;
}

/** The message, and for an unreachable database what the driver said of it. */
function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (!(error instanceof Fault && error.cause instanceof Error)) return error.message;
  const { cause } = error;
  const code = "code" in cause ? ` (${cause.code})` : "";
  return `cannot use the database: ${cause.message}${code}`;
}

function withKeys(work: (keys: KeyStore) => Promise<void>): Promise<void> {
  return withDatabase(timeoutMs, async (db) => {
    await withDatabaseFaults(() => migrate(db));
    await work(createKeyStore(db));
  });
}

type Db = ReturnType<typeof createDatabase>;

async function withDatabase(limitMs: number, work: (db: Db) => Promise<void>): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const config = parseConfig(process.env);
  const embedded = config.databaseUrl === undefined ? await joinEmbedded(config) : undefined;
  if (embedded !== undefined) stack.defer(() => embedded.stop());
  const db = createDatabase({
    connectionString: config.databaseUrl ?? embedded?.connectionString ?? "",
    poolSize: 1,
    timeoutMs: limitMs,
    onConnectionLost: () => {},
  });
  stack.defer(() => db.destroy());
  await work(db);
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
  if (text.length === 0 || text.length > 50) {
    throw new InvalidArgumentError("It must have 1 to 50 characters.");
  }
  return text;
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
