import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import type { KeyVerifier, Principal } from "../../../src/access/key-verifier.ts";
import { createAuth } from "../../../src/api/auth.ts";
import { Call } from "../../../src/api/call.ts";
import type { RunCall } from "../../../src/api/operation.ts";
import { fault } from "../../../src/errors.ts";
import { CountContactsResponseSchema } from "../../../src/gen/contact/v1/contact_service_pb.ts";

const principal: Principal = { appId: 1, appName: "shop", keyId: "k", rateLimit: null };
const response = create(CountContactsResponseSchema);

/** Runs a call with the header through the interceptor. Counts the calls that reach the next step. */
function run(verify: KeyVerifier["verify"], serverKey?: string) {
  const call = new Call({ method: "any", protocol: "grpc", headers: { "server-key": serverKey } });
  let passed = 0;
  let read = 0;
  const intercept = createAuth({ verifier: { verify } })(async (passedCall) => {
    passed += 1;
    expect(passedCall.principal).toBe(principal);
    return response;
  });
  const result = intercept(call, async () => {
    read += 1;
    return response;
  });
  return { call, result, passed: () => passed, read: () => read };
}

/** What a call returns, or the error that its promise rejects with. */
async function outcomeOf(result: ReturnType<RunCall>): Promise<unknown> {
  try {
    return await result;
  } catch (error) {
    return error;
  }
}

test("passes the value of the header to the verifier", async () => {
  const seen: (string | null | undefined)[] = [];
  const verify: KeyVerifier["verify"] = (header) => {
    seen.push(header);
    return principal;
  };
  await run(verify, "abc").result;
  await run(verify).result;
  expect(seen).toEqual(["abc", undefined]);
});

test.each([
  ["a cached key", () => principal],
  ["a key that must be looked up", async () => principal],
])("a call with %s continues with its principal", async (_, verify) => {
  const { call, result, passed } = run(verify, "abc");
  expect(await result).toBe(response);
  expect(passed()).toBe(1);
  expect(call.principal).toBe(principal);
});

test("a call with a cached key continues without a wait", () => {
  const { passed } = run(() => principal, "abc");
  expect(passed()).toBe(1);
});

test.each([
  ["immediately", () => fault("SERVER_KEY_MISSING")],
  ["after a look-up", () => Promise.reject(fault("SERVER_KEY_MISSING"))],
])("a call that the verifier rejects %s ends before its message is read", async (_, verify) => {
  const { call, result, passed, read } = run(verify);
  expect(await outcomeOf(result)).toMatchObject({ reason: "SERVER_KEY_MISSING" });
  expect({ passed: passed(), read: read() }).toEqual({ passed: 0, read: 0 });
  expect(call.principal).toBeUndefined();
});
