import pg from "pg";
import { expect, test } from "vitest";
import type { Reason } from "../../../src/errors.ts";
import { fault } from "../../../src/errors.ts";
import {
  databaseFault,
  isConflict,
  isStaleStatement,
  isTransient,
  mustDiscardConnection,
} from "../../../src/storage/sqlstate.ts";

type Answer = Reason | "a bug";

/** SQLSTATE, its name in the Postgres manual, the fault, and whether the transaction is retried. */
const states: [code: string, name: string, answer: Answer, retried?: "conflict" | "stale"][] = [
  ["40001", "serialization_failure", "DATABASE_UNAVAILABLE", "conflict"],
  ["40P01", "deadlock_detected", "DATABASE_UNAVAILABLE", "conflict"],
  ["26000", "invalid_sql_statement_name", "DATABASE_UNAVAILABLE", "stale"],
  ["42P05", "duplicate_prepared_statement", "DATABASE_UNAVAILABLE", "stale"],
  ["0A000", "feature_not_supported", "DATABASE_UNAVAILABLE", "stale"],
  ["57014", "query_canceled", "DEADLINE_EXCEEDED"],
  ["55P03", "lock_not_available", "DEADLINE_EXCEEDED"],
  ["08000", "connection_exception", "DATABASE_UNAVAILABLE"],
  ["08001", "sqlclient_unable_to_establish_sqlconnection", "DATABASE_UNAVAILABLE"],
  ["08003", "connection_does_not_exist", "DATABASE_UNAVAILABLE"],
  ["08006", "connection_failure", "DATABASE_UNAVAILABLE"],
  ["08P01", "protocol_violation", "DATABASE_UNAVAILABLE"],
  ["25006", "read_only_sql_transaction", "DATABASE_UNAVAILABLE"],
  ["25P03", "idle_in_transaction_session_timeout", "DATABASE_UNAVAILABLE"],
  ["28000", "invalid_authorization_specification", "DATABASE_UNAVAILABLE"],
  ["28P01", "invalid_password", "DATABASE_UNAVAILABLE"],
  ["3D000", "invalid_catalog_name", "DATABASE_UNAVAILABLE"],
  ["53000", "insufficient_resources", "DATABASE_UNAVAILABLE"],
  ["53100", "disk_full", "DATABASE_UNAVAILABLE"],
  ["53200", "out_of_memory", "DATABASE_UNAVAILABLE"],
  ["53300", "too_many_connections", "DATABASE_UNAVAILABLE"],
  ["57P01", "admin_shutdown", "DATABASE_UNAVAILABLE"],
  ["57P02", "crash_shutdown", "DATABASE_UNAVAILABLE"],
  ["57P03", "cannot_connect_now", "DATABASE_UNAVAILABLE"],
  ["57P05", "idle_session_timeout", "DATABASE_UNAVAILABLE"],
  ["25P04", "transaction_timeout", "DEADLINE_EXCEEDED"],
  ["22021", "character_not_in_repertoire", "a bug"],
  ["22P02", "invalid_text_representation", "a bug"],
  ["23503", "foreign_key_violation", "a bug"],
  ["23505", "unique_violation", "a bug"],
  ["25P02", "in_failed_sql_transaction", "a bug"],
  ["40000", "transaction_rollback", "a bug"],
  ["42601", "syntax_error", "a bug"],
  ["42P01", "undefined_table", "a bug"],
  ["P0001", "raise_exception", "a bug"],
  ["XX000", "internal_error", "a bug"],
];

function sqlError(code: string): Error {
  return Object.assign(new pg.DatabaseError("text of Postgres", 16, "error"), { code });
}

test.each(states)("%s %s is %s", (code, _, answer, retried) => {
  const error = sqlError(code);
  const made = databaseFault(error);
  expect(made?.reason ?? "a bug").toBe(answer);
  expect(isConflict(error)).toBe(retried === "conflict");
  expect(isStaleStatement(error)).toBe(retried === "stale");
  if (made !== undefined) {
    expect(made.cause).toBe(error);
    expect(made.message).not.toContain("text of Postgres");
  }
});

/** The connection can be reused after these errors. */
const harmless = ["40001", "40P01", "57014", "55P03"];

test.each(states)("%s %s closes the connection, unless it is harmless", (code) => {
  expect(mustDiscardConnection(sqlError(code))).toBe(!harmless.includes(code));
});

const errnos: [code: string, answer: Answer][] = [
  ["ECONNREFUSED", "DATABASE_UNAVAILABLE"],
  ["ECONNRESET", "DATABASE_UNAVAILABLE"],
  ["ECONNABORTED", "DATABASE_UNAVAILABLE"],
  ["EPIPE", "DATABASE_UNAVAILABLE"],
  ["ENOENT", "DATABASE_UNAVAILABLE"],
  ["ETIMEDOUT", "DATABASE_UNAVAILABLE"],
  ["EHOSTUNREACH", "DATABASE_UNAVAILABLE"],
  ["ENETUNREACH", "DATABASE_UNAVAILABLE"],
  ["ENOTFOUND", "DATABASE_UNAVAILABLE"],
  ["EAI_AGAIN", "DATABASE_UNAVAILABLE"],
  ["EACCES", "a bug"],
  ["ERR_INVALID_ARG_TYPE", "a bug"],
];

test.each(errnos)("%s is %s", (code, answer) => {
  const error = Object.assign(new Error("connect"), { code });
  expect(databaseFault(error)?.reason ?? "a bug").toBe(answer);
  expect(isConflict(error) || isStaleStatement(error)).toBe(false);
  if (answer !== "a bug") expect(mustDiscardConnection(error)).toBe(true);
});

test("a host that rejects connections at every address is unavailable", () => {
  const rejected = Object.assign(new AggregateError([], ""), { code: "ECONNREFUSED" });
  expect(databaseFault(rejected)?.reason).toBe("DATABASE_UNAVAILABLE");
});

/** Messages of pg and its pool without a code. */
const messages: [text: string, answer: Answer][] = [
  ["Connection terminated", "DATABASE_UNAVAILABLE"],
  ["Connection terminated unexpectedly", "DATABASE_UNAVAILABLE"],
  ["Connection terminated due to connection timeout", "DATABASE_UNAVAILABLE"],
  ["timeout exceeded when trying to connect", "DATABASE_UNAVAILABLE"],
  ["Client has encountered a connection error and is not queryable", "DATABASE_UNAVAILABLE"],
  ["Client was closed and is not queryable", "DATABASE_UNAVAILABLE"],
  ["Query read timeout", "DATABASE_UNAVAILABLE"],
  ["Cannot use a pool after calling end on the pool", "DATABASE_UNAVAILABLE"],
  ["bind message supplies 1 parameters", "a bug"],
  ["", "a bug"],
];

test.each(messages)("%j is %s", (text, answer) => {
  expect(databaseFault(new Error(text))?.reason ?? "a bug").toBe(answer);
  expect(mustDiscardConnection(new Error(text))).toBe(answer !== "a bug");
});

test.each([
  [undefined],
  [null],
  ["40001"],
  [40001],
  [{}],
  [{ code: 40001 }],
  [{ message: "Connection terminated" }],
])("%j is not a database error", (thrown) => {
  expect(databaseFault(thrown)).toBeUndefined();
  expect(mustDiscardConnection(thrown)).toBe(false);
  expect(isConflict(thrown) || isStaleStatement(thrown)).toBe(false);
});

const starts: [name: string, error: Error, transient: boolean][] = [
  [
    "a host that rejects the connection",
    Object.assign(new Error("connect"), { code: "ECONNREFUSED" }),
    true,
  ],
  ["a host without an address yet", Object.assign(new Error("x"), { code: "ENOTFOUND" }), true],
  [
    "a socket that does not exist yet",
    Object.assign(new Error("connect"), { code: "ENOENT", syscall: "connect" }),
    true,
  ],
  ["a lost connection", new Error("Connection terminated unexpectedly"), true],
  ["a server that starts", sqlError("57P03"), true],
  ["too many connections", sqlError("53300"), true],
  ["a standby", sqlError("25006"), true],
  ["a pooler that waits for its server", sqlError("08P01"), true],
  [
    "a certificate that is missing",
    Object.assign(new Error("x"), { code: "ENOENT", syscall: "open" }),
    false,
  ],
  [
    "a key that cannot be read",
    Object.assign(new Error("x"), { code: "EACCES", syscall: "open" }),
    false,
  ],
  ["a wrong password", sqlError("28P01"), false],
  ["an unknown role", sqlError("28000"), false],
  ["an unknown database", sqlError("3D000"), false],
  ["missing privileges", sqlError("42501"), false],
  ["an unknown setting", sqlError("42704"), false],
  ["a bad certificate", Object.assign(new Error("x"), { code: "CERT_HAS_EXPIRED" }), false],
  [
    "a parameter that a pooler rejects",
    Object.assign(new Error("unsupported startup parameter: options"), { code: "08P01" }),
    false,
  ],
];

test.each(starts)("%s: whether the start waits for the database", (_, error, transient) => {
  expect(isTransient(error)).toBe(transient);
  expect(isTransient(fault("DATABASE_UNAVAILABLE", {}, { cause: error }))).toBe(transient);
});
