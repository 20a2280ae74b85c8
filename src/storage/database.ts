import { Kysely, PostgresDialect } from "kysely";
import type pg from "pg";
import { ConnectionPool } from "./connection-pool.ts";
import { createClientClass } from "./database-client.ts";
import { createDatabaseHosts } from "./database-hosts.ts";
import { parseDatabaseUrl } from "./database-url.ts";
import type { DatabaseKind } from "./isolation.ts";
import type { Database } from "./schema.ts";
import { openSession } from "./session.ts";
import type { SessionKind } from "./session-kind.ts";
import type { SessionOptions } from "./session-settings.ts";
import { settlePool } from "./settled-pool.ts";

export type Pool = ConnectionPool;

export interface DatabaseOptions extends SessionOptions {
  /** A URL that `checkDatabaseUrl` accepts. Its parameters mean what they mean in libpq. */
  readonly connectionString: string;
  /** Most connections that are open at once. */
  readonly poolSize: number;
  /** False for a pooler that cannot prepare statements. Absent: true. */
  readonly prepares?: boolean;
  /** A replica gets only reads. Absent: a primary. */
  readonly kind?: DatabaseKind;
  /** Called for each connection that is lost. The pool replaces the connection. */
  readonly onConnectionLost: (error: Error) => void;
}

/**
 * A pool of connections. It opens none before the first query.
 *
 * The server ends a statement after `timeoutMs`, even if this process has died. This process gives up one
 * second later, in case the server has died. A wait for a connection takes at most `timeoutMs`.
 */
export function createPool(options: DatabaseOptions): Pool {
  const { connectionString, poolSize, timeoutMs, onConnectionLost } = options;
  const target = parseDatabaseUrl(connectionString);
  const hosts = createDatabaseHosts(target);
  const applicationName = target.parameters.get("application_name") ?? "kith";
  const session = {
    ...options,
    prepares: options.prepares ?? true,
    kind: options.kind ?? "primary",
    applicationName,
  };
  const pool = new ConnectionPool({
    hosts,
    onConnect: (client) => openSession(client, session),
    kind: (target.parameters.get("target_session_attrs") ?? "any") as SessionKind,
    config: {
      max: poolSize,
      connectionTimeoutMillis: timeoutMs,
      Client: createClientClass({
        ...{ target, hosts, timeoutMs },
        own: { application_name: "kith", query_timeout: timeoutMs + 1_000, pipeline: true },
      }),
    } as pg.PoolConfig,
  });
  // A connection can be lost while it is idle, in use, or in use between two statements, when no query is
  // there to report the error. Without a listener of its own that would end the process.
  pool.on("connect", (client) => client.on("error", onConnectionLost));
  pool.on("error", () => {});
  return pool;
}

/** Kysely on a pool that others use too. Close the pool, not this Kysely. */
export function createDatabaseOn(pool: Pool): Kysely<Database> {
  return new Kysely<Database>({ dialect: new PostgresDialect({ pool: settlePool(pool) }) });
}

/** Kysely on a pool of its own. */
export function createDatabase(options: DatabaseOptions): Kysely<Database> {
  return createDatabaseOn(createPool(options));
}
