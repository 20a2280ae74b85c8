import { createContextValues, createHandlerContext } from "@connectrpc/connect";
import pg from "pg";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { RejectedKeyFault } from "../../../src/access/key-verifier.ts";
import type { ErrorRow, Reason } from "../../../src/errors.ts";
import { errors, fault } from "../../../src/errors.ts";
import { ContactService } from "../../../src/gen/contact/v1/contact_service_pb.ts";
import type { Call } from "../../../src/rpc/call.ts";
import { createCall } from "../../../src/rpc/call.ts";
import { createObserver } from "../../../src/rpc/observe.ts";
import type { MemoryLog } from "../support/log.ts";
import { createMemoryLog } from "../support/log.ts";

const secrets = ["aWQ6aHVudGVyMg==", "hunter2", "alice", "bob"];
const values = {
  ...{ param: "ownerXCUserID", type: "a string", limit: "50", format: "JSON" },
  ...{ least: "1", most: "9" },
};
const levels = { info: 30, warn: 40, error: 50 };

let log: MemoryLog;
let observe: (call: Call) => void;
beforeEach(async () => {
  vi.useFakeTimers({ toFake: ["performance"] });
  log = await createMemoryLog();
  observe = createObserver({ logger: log.logger });
});
afterEach(() => {
  vi.useRealTimers();
});

/** A call that knows secrets, as each real one does. */
function callOf(change: Partial<Call> = {}): Call {
  const call = createCall({
    method: "contact.v1.ContactService/SyncContacts",
    protocol: "grpc",
    requestId: "req-1",
  });
  const context = createHandlerContext({
    service: ContactService,
    method: ContactService.method.syncContacts,
    protocolName: "grpc",
    requestMethod: "POST",
    url: "http://localhost/?key=hunter2",
    requestHeader: { "Server-Key": "aWQ6aHVudGVyMg==" },
    contextValues: createContextValues(),
  });
  const principal = { appId: 7, appName: "shop", keyId: "key-1" };
  return { ...call, context, principal, ...change };
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
  observe(call);
  expect(log.lines()).toEqual([]);
});

test("a slow request is logged although it succeeded", () => {
  const call = callOf();
  vi.advanceTimersByTime(1_500);
  observe(call);
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

const rows = Object.entries(errors) as [Reason, ErrorRow][];

test.each(rows)("%s is one line: who, what, how long and why", (reason, { grpc, http }) => {
  const cause = new Error("what went wrong inside");
  const call = callOf({ fault: fault(reason, values, { cause }) });
  vi.advanceTimersByTime(12.345);
  observe(call);
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
});

test.each(rows)("%s says no secret and none of the ids in the message", (reason) => {
  const cause = Object.assign(new pg.DatabaseError("duplicate key", 9, "error"), {
    code: "23505",
    detail: "Key (owner_id)=(alice)",
    where: "COPY contact, line 1: bob",
  });
  const at = { path: "contacts[0].owner_xc_user_id", fieldCode: "102" };
  observe(callOf({ fault: fault(reason, values, { at, cause }) }));
  expect(log.lines()).toHaveLength(1);
  for (const secret of secrets) expect(log.text()).not.toContain(secret);
});

test("a request that was refused before it was known who calls has no app", () => {
  const { principal, ...call } = callOf({ fault: fault("SERVER_KEY_INVALID") });
  expect(principal).toBeDefined();
  observe(call);
  expect(log.lines()[0]).not.toHaveProperty("app");
  expect(log.lines()[0]).not.toHaveProperty("keyId");
});

test("a failure without a cause has no err", () => {
  observe(callOf({ fault: fault("DEADLINE_EXCEEDED") }));
  expect(log.lines()[0]).toMatchObject({ level: levels.error, reason: "DEADLINE_EXCEEDED" });
  expect(log.lines()[0]?.err).toBeUndefined();
});

test.each(["SERVER_KEY_INVALID", "SERVER_KEY_EXPIRED"] as const)(
  "a key that is rejected as %s after its check is logged with app and key id",
  (reason) => {
    const { principal, ...call } = callOf();
    const rejected = new RejectedKeyFault(reason, { appId: 7, appName: "forum", keyId: "key-2" });
    observe({ ...call, fault: rejected });
    expect(log.lines()).toEqual([
      expect.objectContaining({ app: "forum", keyId: "key-2", reason, code: "UNAUTHENTICATED" }),
    ]);
    expect(principal?.keyId).not.toBe("key-2");
  },
);
