import pg from "pg";
import { beforeEach, expect, test } from "vitest";
import { fault } from "../../../src/errors.ts";
import { createLogger, logLevels } from "../../../src/telemetry/logger.ts";
import type { MemoryLog } from "../support/log.ts";
import { createMemoryLog } from "../support/log.ts";

let log: MemoryLog;
beforeEach(async () => {
  log = await createMemoryLog();
});

function logged(err: unknown): unknown {
  log.logger.error({ err }, "failed");
  return log.lines()[0]?.err;
}

/** As Postgres reports a unique violation: most of its parts can quote the row. */
function uniqueViolation(): Error {
  const error = new pg.DatabaseError('duplicate key value violates "contact_pkey"', 200, "error");
  return Object.assign(error, {
    code: "23505",
    detail: "Key (owner_id)=(alice) already exists.",
    hint: "alice",
    where: "unnamed portal parameter $2 = '{alice}'",
    internalQuery: "SELECT 'alice'",
    parameters: ["alice"],
    table: "contact",
  });
}

test("an error's type, message and stack are logged", () => {
  const error = new TypeError("no such thing");
  const { message, stack } = error;
  expect(logged(error)).toEqual({ type: "TypeError", message, stack });
});

test("an error of the system is logged with its code", () => {
  const error = Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" });
  expect(logged(error)).toMatchObject({ message: "connect ECONNREFUSED", code: "ECONNREFUSED" });
});

test("a mistake that Node has a code for is logged with its place, as any other", () => {
  const mistake = Object.assign(new TypeError("wrong"), { code: "ERR_INVALID_ARG_TYPE" });
  expect(logged(mistake)).toMatchObject({ code: "ERR_INVALID_ARG_TYPE", stack: mistake.stack });
});

test("of a database error the code is logged, not what quotes the row", () => {
  expect(logged(uniqueViolation())).toMatchObject({ code: "23505" });
  expect(log.text()).not.toContain("alice");
});

test("so it is where the database error is the cause of another, however deep", () => {
  const inner = new Error("inner", { cause: uniqueViolation() });
  expect(logged(new Error("outer", { cause: inner }))).toMatchObject({
    message: "outer",
    cause: { message: "inner", cause: { code: "23505" } },
  });
  expect(log.text()).not.toContain("alice");
});

test("a fault is logged with its cause, without what else it holds", () => {
  const made = fault("DATABASE_UNAVAILABLE", {}, { cause: uniqueViolation() });
  const { cause, ...rest } = logged(made) as Record<string, unknown>;
  expect(["message", "stack", "type"]).toEqual(expect.arrayContaining(Object.keys(rest)));
  expect(cause).toMatchObject({ code: "23505" });
});

test.each([["text"], [7], [null], [{ secret: "hunter2" }], [["hunter2"]]])(
  "%j, thrown in the place of an error, is not written out",
  (thrown) => {
    expect(logged(thrown)).toMatchObject({ message: "not an Error" });
    expect(log.text()).not.toContain("hunter2");
  },
);

test("errors that are each other's cause do not end the process", () => {
  const one = new Error("one");
  one.cause = new Error("other", { cause: one });
  expect(() => logged(one)).not.toThrow();
  expect(log.text()).toContain("one");
});

test("a line says neither host nor process", () => {
  log.logger.info("hello");
  expect(Object.keys(log.lines()[0] ?? {}).sort()).toEqual(["level", "msg", "time"]);
});

test.each(logLevels)("level %s is taken", async (level) => {
  expect((await createLogger({ level, pretty: false, sink: { write() {} } })).level).toBe(level);
});
