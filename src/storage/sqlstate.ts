import { Fault, fault } from "../errors.ts";

/** SQLSTATE of serialization failures and deadlocks: the transaction can be retried. */
const lostRace = new Set(["40001", "40P01"]);

/**
 * Stale prepared statements: the session has lost one (26000, after DISCARD ALL), has one that it should not
 * have (42P05), or its plan no longer fits the tables (0A000). Another connection prepares them again.
 */
const staleStatement = new Set(["26000", "42P05", "0A000"]);

/** PgBouncer reports all its errors as protocol violations. */
const poolerError = "08P01";

/** A statement that exceeded `statement_timeout` or `lock_timeout`, or was cancelled. */
const timedOut = new Set(["57014", "55P03"]);

/** A transaction that exceeded `transaction_timeout`, which closes the connection. */
const transactionTimedOut = "25P04";

/**
 * The database is unavailable: connection exceptions (08), insufficient resources (53),
 * operator intervention (57), a standby that was a primary (25006), a transaction ended for idling
 * (25P03), an unknown database (3D000), refused credentials (28).
 */
const unavailableState = /^(08|53|57|28|25006|25P03|3D000)/;

const sqlState = /^[0-9A-Z]{5}$/;

/** Errors of the connection, from Node or from pg, which have no SQLSTATE. */
const unavailableErrno = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "ECONNABORTED",
  "EPIPE",
  "ENOENT",
  "ETIMEDOUT",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENOTFOUND",
  "EAI_AGAIN",
]);
const unavailableMessage =
  /connection terminated|connection timeout|timeout exceeded when trying to connect|not queryable|Query read timeout|Cannot use a pool after/i;

/** Whether a transaction was rolled back because of a concurrent one. It can be retried. */
export function isConflict(error: unknown): boolean {
  return lostRace.has(codeOf(error));
}

/** PgBouncer has this error if it has forgotten a statement of the connection. It then closes the connection. */
const forgottenByPooler = /prepared statement did not exist/;

/** Whether a transaction failed because of a stale prepared statement. It can be retried on another connection. */
export function isStaleStatement(error: unknown): boolean {
  const code = codeOf(error);
  if (code === poolerError) return error instanceof Error && forgottenByPooler.test(error.message);
  return staleStatement.has(code);
}

/**
 * Whether to close the connection after this error. A connection that has lost its statements, whose plans
 * no longer fit the tables, or whose server is no longer the primary, would continue to fail.
 */
export function mustDiscardConnection(error: unknown): boolean {
  const code = codeOf(error);
  if (lostRace.has(code) || timedOut.has(code)) return false;
  return sqlState.test(code) || databaseFault(error) !== undefined;
}

/**
 * Converts an error of the database, or of the connection to it, to a fault. No other code reads SQLSTATE
 * for this. Undefined for any other error, which is a bug.
 */
export function databaseFault(error: unknown): Fault | undefined {
  const code = codeOf(error);
  if (timedOut.has(code) || code === transactionTimedOut)
    return fault("DEADLINE_EXCEEDED", {}, { cause: error });
  if (
    isConflict(error) ||
    isStaleStatement(error) ||
    unavailableErrno.has(code) ||
    (code.length === 5 && unavailableState.test(code)) ||
    (error instanceof Error && unavailableMessage.test(error.message))
  ) {
    return fault("DATABASE_UNAVAILABLE", {}, { cause: error });
  }
  return undefined;
}

/** Whether a statement exceeded `statement_timeout` or `lock_timeout`, or was cancelled. */
export function isTimeout(error: unknown): boolean {
  return timedOut.has(codeOf(error));
}

/** Whether a row was deleted that rows of another table refer to. */
export function isForeignKeyViolation(error: unknown): boolean {
  return codeOf(error) === "23503";
}

/** Errors that stay until somebody changes the configuration: rejected credentials, an unknown database. */
const permanentState = /^(28|3D000)/;

/** These errors of PgBouncer do not end by themselves. */
const permanentPoolerMessage =
  /unsupported startup parameter|no such (database|user)|authentication failed/i;

/**
 * Whether a start that failed with this error can succeed a little later, although nobody changes the
 * configuration: the database is starting, fails over, or is out of connections.
 */
export function isTransient(error: unknown): boolean {
  const cause = error instanceof Fault ? error.cause : error;
  const code = codeOf(cause);
  if (databaseFault(cause) === undefined || permanentState.test(code) || isFileError(cause)) {
    return false;
  }
  return !(
    code === poolerError &&
    cause instanceof Error &&
    permanentPoolerMessage.test(cause.message)
  );
}

/** Whether a connection that could not be opened may be opened to another host, or without TLS. */
export function anotherHostMayHelp(error: unknown): boolean {
  const isQueueFull = error instanceof Error && /timeout exceeded when trying/.test(error.message);
  return !permanentState.test(codeOf(error)) && !isFileError(error) && !isQueueFull;
}

/** Whether a file could not be read, such as a certificate. A missing Unix socket is not such an error. */
function isFileError(error: unknown): boolean {
  return error instanceof Error && "syscall" in error && error.syscall === "open";
}

function codeOf(error: unknown): string {
  if (typeof error !== "object" || error === null || !("code" in error)) return "";
  return typeof error.code === "string" ? error.code : "";
}
