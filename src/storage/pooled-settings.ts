import { randomBytes } from "node:crypto";
import pg from "pg";
import type { EncodedStatement } from "./encoded-statement.ts";
import { command } from "./encoded-statement.ts";
import type { SessionOptions, Settings } from "./session-settings.ts";
import { sessionSettings } from "./session-settings.ts";
import { statementText } from "./statement.ts";

/**
 * What each transaction sets on a connection to a pooler, which may run each transaction in another server
 * session. All of it ends with the transaction, because other clients use the session too.
 */
export interface PooledSettings {
  /** Name of the application in transactions of this connection, different from all other connections. */
  readonly applicationName: string;
  /** These precede a lock. They take no snapshot, and need an explicit transaction. */
  readonly beforeLock: readonly EncodedStatement[];
  /** This precedes all other statements. It takes the snapshot of the transaction. */
  readonly settings: EncodedStatement;
  /** `settings` without parameters. */
  readonly settingsText: string;
}

/** Settings that have no effect in a transaction that has begun. */
const ofSessionsOnly = new Set([
  ...["idle_session_timeout", "default_transaction_isolation", "default_transaction_deferrable"],
]);

/** `transaction_timeout` came with Postgres 17, the others with Citus. A server gets only settings that it has. */
const ofSomeServers = new Set([
  ...[
    "transaction_timeout",
    "citus.max_adaptive_executor_pool_size",
    "citus.propagate_set_commands",
  ],
]);

/** Postgres cuts longer names off. */
const maxApplicationName = 63;

export function createPooledSettings(
  options: SessionOptions & { readonly applicationName: string },
): PooledSettings {
  const { schema, timeoutMs } = options;
  const settings = sessionSettings(options).filter(([name]) => !ofSessionsOnly.has(name));
  const suffix = ` ${randomBytes(9).toString("base64url")}`;
  const own = options.applicationName.slice(0, maxApplicationName - suffix.length);
  const applicationName = own + suffix;
  const withName = (value: string) => setForTransaction([...settings, ["application_name", value]]);
  return {
    applicationName,
    beforeLock: [
      command("set_statement_timeout", `SET LOCAL statement_timeout TO ${timeoutMs}`),
      command("set_lock_timeout", "SET LOCAL lock_timeout TO 0"),
      ...(schema === undefined ? [] : [setSearchPath(schema)]),
    ],
    settings: { ...statementText("settings", withName("$1")), values: [applicationName] },
    settingsText: withName(pg.escapeLiteral(applicationName)),
  };
}

function setSearchPath(schema: string): EncodedStatement {
  const text = `SET LOCAL search_path TO ${pg.escapeIdentifier(schema)}, pg_temp`;
  return command("set_search_path", text);
}

/** A statement that gives the rest of the transaction these settings. It returns no row. */
function setForTransaction(settings: Settings): string {
  const calls = settings.map(([name, value]) => {
    const call = `pg_catalog.set_config('${name}', ${value}, true)`;
    if (!ofSomeServers.has(name)) return call;
    return `CASE WHEN pg_catalog.current_setting('${name}', true) IS NOT NULL THEN ${call} END`;
  });
  return `SELECT WHERE 0 = pg_catalog.num_nonnulls(${calls.join(", ")})`;
}
