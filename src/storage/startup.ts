import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "pino";
import { Fault } from "../errors.ts";
import { checkPooler } from "./check-pooler.ts";
import { createDatabaseOn, createPool } from "./database.ts";
import type { Shards } from "./distributed/shards.ts";
import { readShards } from "./distributed/shards.ts";
import { progressTable } from "./import-progress.ts";
import { migrate } from "./migrate.ts";
import { hasTable } from "./migration-table.ts";
import { isTransient } from "./sqlstate.ts";

/** Time for which a start retries steps that can succeed later, in milliseconds. */
const patienceMs = 30_000;
/** Pause between two attempts, in milliseconds. */
const pauseMs = 1_000;
/** Longest that one statement of a migration may take, in milliseconds. */
const migrationTimeoutMs = 3_600_000;

/** The name of the database in errors. It says which variable has its address. */
export function databaseName({
  databaseUrl,
}: {
  readonly databaseUrl: string | undefined;
}): string {
  return databaseUrl === undefined ? "the embedded Postgres" : "the database of DATABASE_URL";
}

/** Tells the operator why the database cannot be used. The text never contains a password. */
export class DatabaseError extends Error {
  constructor(database: string, cause: unknown) {
    super(`cannot use ${database}: ${describe(cause)}`, { cause });
    this.name = "DatabaseError";
  }
}

export interface PrepareDatabaseOptions {
  readonly connectionString: string;
  /** The schema of Kith's tables. Absent: the first schema of the search path. */
  readonly schema: string | undefined;
  /** False: the start only checks that the database is migrated. */
  readonly migrates: boolean;
  /** False: the service prepares no statements. */
  readonly prepares: boolean;
  /** The name of the database in errors, as in `the database of DATABASE_URL`. */
  readonly name: string;
  readonly logger: Logger;
}

export interface Prepared {
  /** The schema of Kith's tables. */
  readonly schema: string;
  /** Where contacts are if the table is distributed; undefined if it is not. */
  readonly shards: Shards | undefined;
}

/**
 * Waits until the database can be used, and migrates it.
 *
 * @throws DatabaseError if the database cannot be used; at once if it does not help to wait
 */
export async function prepareDatabase(options: PrepareDatabaseOptions): Promise<Prepared> {
  const { connectionString, schema, migrates, prepares, name, logger } = options;
  await using stack = new AsyncDisposableStack();
  const pool = createPool({
    connectionString,
    schema,
    poolSize: 2,
    timeoutMs: migrationTimeoutMs,
    onConnectionLost: (err) => logger.warn({ err }, "a database connection was lost"),
  });
  stack.defer(() => pool.end());
  const step = async () => {
    if (prepares) await checkPooler(pool);
    const db = createDatabaseOn(pool);
    const { schema: found, migrations } = await migrate(db, {
      schema,
      migrates,
      onWait: () => logger.info("waiting for another process that migrates the database"),
      onNewer: (newer) =>
        logger.warn(
          { migrations: newer },
          "the database schema is newer than this version of Kith",
        ),
    });
    if (await hasTable(db, found, progressTable)) {
      throw new Error("an import is not complete; kith import with the same file continues it");
    }
    return { schema: found, migrations, shards: await readShards(db, found) };
  };
  const prepared = await whenAvailable({ name, logger }, step).catch((error) => {
    throw error instanceof DatabaseError ? error : new DatabaseError(name, error);
  });
  const { migrations } = prepared;
  if (migrations.length > 0) logger.info({ migrations }, "migrated the database");
  return prepared;
}

/**
 * Runs a step of the start. Retries it for 30 s while the database is unavailable.
 *
 * @throws DatabaseError if the database fails; any other error of the step unchanged
 */
export async function whenAvailable<T>(
  { name, logger }: Pick<PrepareDatabaseOptions, "name" | "logger">,
  step: () => Promise<T>,
): Promise<T> {
  const giveUpAt = performance.now() + patienceMs;
  for (;;) {
    try {
      return await step();
    } catch (error) {
      if (!isTransient(error) || performance.now() > giveUpAt) {
        throw isFromDatabase(error) ? new DatabaseError(name, error) : error;
      }
      const err = error instanceof Fault ? error.cause : error;
      logger.warn({ err }, "waiting for the database");
      await sleep(pauseMs);
    }
  }
}

/** Errors of the database, the driver and the system have a code. Errors of a step have none. */
function isFromDatabase(error: unknown): boolean {
  return error instanceof Fault || (error instanceof Error && "code" in error);
}

/** The message of the driver or the database, with its code. */
function describe(error: unknown): string {
  if (error instanceof Fault && error.cause !== undefined) return describe(error.cause);
  if (!(error instanceof Error)) return String(error);
  const code = "code" in error && typeof error.code === "string" ? error.code : undefined;
  // A host with several addresses: Node's error has no message of its own.
  const inner = error instanceof AggregateError ? error.errors.map(describe).join(", ") : "";
  const text = error.message || inner || error.name;
  return code === undefined || text.includes(code) ? text : `${text} (${code})`;
}
