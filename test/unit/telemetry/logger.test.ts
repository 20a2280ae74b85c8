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

/** A unique violation as Postgres reports it. Most of its properties can quote the row. */
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

test("a system error is logged with its code", () => {
  const error = Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" });
  expect(logged(error)).toMatchObject({ message: "connect ECONNREFUSED", code: "ECONNREFUSED" });
});

test("a programming error with a code of Node is logged with its stack", () => {
  const mistake = Object.assign(new TypeError("wrong"), { code: "ERR_INVALID_ARG_TYPE" });
  expect(logged(mistake)).toMatchObject({ code: "ERR_INVALID_ARG_TYPE", stack: mistake.stack });
});

test("a database error is logged with its code, without the properties that quote the row", () => {
  expect(logged(uniqueViolation())).toMatchObject({ code: "23505" });
  expect(log.text()).not.toContain("alice");
});

test("a database error is logged in the same form as a cause at any depth", () => {
  const inner = new Error("inner", { cause: uniqueViolation() });
  expect(logged(new Error("outer", { cause: inner }))).toMatchObject({
    message: "outer",
    cause: { message: "inner", cause: { code: "23505" } },
  });
  expect(log.text()).not.toContain("alice");
});

test("a fault is logged with its cause and no other properties", () => {
  const made = fault("DATABASE_UNAVAILABLE", {}, { cause: uniqueViolation() });
  const { cause, ...rest } = logged(made) as Record<string, unknown>;
  expect(["message", "stack", "type"]).toEqual(expect.arrayContaining(Object.keys(rest)));
  expect(cause).toMatchObject({ code: "23505" });
});

test.each([["text"], [7], [null], [{ secret: "hunter2" }], [["hunter2"]]])(
  "the thrown value %j is not logged, because it is not an Error",
  (thrown) => {
    expect(logged(thrown)).toMatchObject({ message: "not an Error" });
    expect(log.text()).not.toContain("hunter2");
  },
);

test("errors that are each other's cause can be logged", () => {
  const one = new Error("one");
  one.cause = new Error("other", { cause: one });
  expect(() => logged(one)).not.toThrow();
  expect(log.text()).toContain("one");
});

test("a line contains neither the host nor the process id", () => {
  log.logger.info("hello");
  expect(Object.keys(log.lines()[0] ?? {}).sort()).toEqual(["level", "msg", "time"]);
});

test.each(logLevels)("level %s is accepted", async (level) => {
  expect((await createLogger({ level, format: "json", sink: { write() {} } })).level).toBe(level);
});
