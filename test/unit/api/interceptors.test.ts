import { setImmediate } from "node:timers/promises";
import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { Call } from "../../../src/api/call.ts";
import { openInterceptors } from "../../../src/api/interceptors.ts";
import type { RunCall } from "../../../src/api/operation.ts";
import { fault } from "../../../src/errors.ts";
import { CountContactsRequestSchema } from "../../../src/gen/contact/v1/contact_service_pb.ts";

const message = create(CountContactsRequestSchema);
const newCall = () => new Call({ method: "any", protocol: "grpc" });

function run(handler: RunCall, call = newCall()) {
  const chain = openInterceptors.reduceRight((next, intercept) => intercept(next), handler);
  return { call, result: chain(call, async () => message) };
}

test("a call returns the message of its handler", async () => {
  const { result } = run((_, readMessage) => readMessage());
  expect(await result).toBe(message);
});

test("a cancelled call ends even if its handler does not", async () => {
  const { call, result } = run(() => new Promise(() => {}));
  call.cancellation.abort(fault("DEADLINE_EXCEEDED"));
  // Without the interceptor, the call would not end, so the test waits for one turn of the event loop only.
  const ended = Promise.race([result, setImmediate("in flight")]);
  await expect(ended).rejects.toMatchObject({ reason: "DEADLINE_EXCEEDED" });
});

test("the handler of a call that is already cancelled never runs", async () => {
  const call = new Call({ method: "any", protocol: "grpc", timeoutMs: 0 });
  let hasRun = false;
  const { result } = run(async () => {
    hasRun = true;
    return message;
  }, call);
  expect(result).toMatchObject({ reason: "DEADLINE_EXCEEDED" });
  expect(hasRun).toBe(false);
});
