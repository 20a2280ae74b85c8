import pg from "pg";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { RejectedKeyFault } from "../../../src/access/key-verifier.ts";
import type { CallOptions } from "../../../src/api/call.ts";
import { Call } from "../../../src/api/call.ts";
import { createCallLog } from "../../../src/api/call-log.ts";
import type { ErrorRow, Reason } from "../../../src/errors.ts";
import { errors, fault } from "../../../src/errors.ts";
import type { MemoryLog } from "../support/log.ts";
import { createMemoryLog } from "../support/log.ts";

const secrets = ["aWQ6aHVudGVyMg==", "hunter2", "alice", "bob"];
const values = {
  ...{ param: "ownerXCUserID", type: "a string", limit: "50", format: "JSON" },
  ...{ least: "1", most: "9", other: "owner_xc_user_id", types: "application/json", versions: "2" },
};
const levels = { info: 30, warn: 40, error: 50 };

let log: MemoryLog;
let logCall: (call: Call) => void;
beforeEach(async () => {
  vi.useFakeTimers({ toFake: ["performance"] });
  log = await createMemoryLog();
  logCall = createCallLog({ logger: log.logger, accessSample: 0 });
});
afterEach(() => {
  vi.useRealTimers();
});

/** A call that holds secrets, as every real call does. */
function callOf(
  change: Partial<Pick<Call, "fault" | "principal" | "clientAddress" | "trace">> = {},
  options: Partial<CallOptions> = {},
): Call {
  const call = new Call({
    ...options,
    method: "contact.v1.ContactService/SyncContacts",
    protocol: "grpc",
    headers: { "server-key": "aWQ6aHVudGVyMg==", "x-request-id": "req-1" },
  });
  call.principal = { appId: 7, appName: "shop", keyId: "key-1", rateLimit: null };
  return Object.assign(call, change);
}

const line = {
  requestId: "req-1",
  app: "shop",
  keyId: "key-1",
  method: "contact.v1.ContactService/SyncContacts",
  protocol: "grpc",
  durationMs: 12.3,
};

test("a request that succeeds in time is not logged", () => {
  const call = callOf();
  vi.advanceTimersByTime(1_000 - 1);
  logCall(call);
  expect(log.lines()).toEqual([]);
});

test("a slow request is logged although it succeeded", () => {
  const call = callOf();
  vi.advanceTimersByTime(1_500);
  logCall(call);
  expect(log.lines()).toEqual([
    {
      level: levels.warn,
      time: expect.any(Number),
      msg: "slow request",
      ...line,
      code: "OK",
      durationMs: 1_500,
    },
  ]);
});

test("with a sample of 1, each request is logged", () => {
  logCall = createCallLog({ logger: log.logger, accessSample: 1 });
  vi.advanceTimersByTime(12.3);
  const call = callOf({
    clientAddress: "192.0.2.7",
    trace: { traceId: "1".repeat(32), spanId: "2".repeat(16) },
  });
  logCall(call);
  expect(log.lines()).toEqual([
    {
      level: levels.info,
      time: expect.any(Number),
      msg: "request",
      ...line,
      code: "OK",
      durationMs: 0,
      client: "192.0.2.7",
      traceId: "1".repeat(32),
      spanId: "2".repeat(16),
    },
  ]);
});

test("with a smaller sample, a share of the requests is logged", () => {
  logCall = createCallLog({ logger: log.logger, accessSample: 0.25 });
  vi.spyOn(Math, "random").mockReturnValueOnce(0.2).mockReturnValueOnce(0.3);
  logCall(callOf());
  logCall(callOf());
  expect(log.lines()).toHaveLength(1);
});

const rows = Object.entries(errors) as [Reason, ErrorRow][];

test.each(rows)(
  "%s is logged as one line with app, method, duration and reason",
  (reason, { grpc, http }) => {
    const cause = new Error("an internal problem");
    const call = callOf({ fault: fault(reason, values, { cause }) });
    vi.advanceTimersByTime(12.345);
    logCall(call);
    const common = { time: expect.any(Number), msg: "request failed", ...line, code: grpc, reason };
    const expected =
      http < 500
        ? { level: levels.info, ...common }
        : {
            level: levels.error,
            ...common,
            err: { type: "Error", message: cause.message, stack: cause.stack },
          };
    expect(log.lines()).toEqual([expected]);
  },
);

test.each(rows)("the log line of %s contains no secret and no user id", (reason) => {
  const cause = Object.assign(new pg.DatabaseError("duplicate key", 9, "error"), {
    code: "23505",
    detail: "Key (owner_id)=(alice)",
    where: "COPY contact, line 1: bob",
  });
  const at = { path: "contacts[0].owner_xc_user_id", fieldCode: "102" };
  logCall(callOf({ fault: fault(reason, values, { at, cause }) }));
  expect(log.lines()).toHaveLength(1);
  for (const secret of secrets) expect(log.text()).not.toContain(secret);
});

test("the log line of an unauthenticated call has no app", () => {
  logCall(callOf({ fault: fault("SERVER_KEY_INVALID"), principal: undefined }));
  expect(log.lines()[0]).not.toHaveProperty("app");
  expect(log.lines()[0]).not.toHaveProperty("keyId");
});

test("the log line of a failure without a cause has no err", () => {
  logCall(callOf({ fault: fault("DEADLINE_EXCEEDED") }));
  expect(log.lines()[0]).toMatchObject({ level: levels.error, reason: "DEADLINE_EXCEEDED" });
  expect(log.lines()[0]?.err).toBeUndefined();
});

test.each([
  [100, 1_000, levels.info],
  [1_000, 100, levels.error],
  [undefined, 100, levels.error],
])(
  "a deadline exceeded with a caller timeout of %s ms and a limit of %s ms has level %i",
  (caller, limit, level) => {
    const timeouts = { callerTimeoutMs: caller, timeoutMs: limit };
    const call = callOf({ fault: fault("DEADLINE_EXCEEDED") }, timeouts);
    logCall(call);
    call.release();
    expect(log.lines()[0]).toMatchObject({ level, reason: "DEADLINE_EXCEEDED" });
  },
);

test.each(["SERVER_KEY_INVALID", "SERVER_KEY_EXPIRED"] as const)(
  "a key that is rejected as %s after its check is logged with app and key id",
  (reason) => {
    const rejected = new RejectedKeyFault(reason, {
      ...{ appId: 7, appName: "forum" },
      ...{ keyId: "key-2", rateLimit: null },
    });
    logCall(callOf({ fault: rejected, principal: undefined }));
    expect(log.lines()).toEqual([
      expect.objectContaining({ app: "forum", keyId: "key-2", reason, code: "UNAUTHENTICATED" }),
    ]);
  },
);
