import type { DescMethodUnary, Message, MessageInitShape } from "@bufbuild/protobuf";
import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { createRateLimiter } from "../../../src/access/rate-limiter.ts";
import { Call } from "../../../src/api/call.ts";
import { nameOf } from "../../../src/api/operation.ts";
import { createRateLimiting } from "../../../src/api/rate-limit.ts";
import { fault } from "../../../src/errors.ts";
import { ContactService } from "../../../src/gen/contact/v1/contact_service_pb.ts";

const methods = ContactService.method;
const pair = { ownerXcUserId: "a", contactXcUserId: "b" };
const entry = { contactXcUserId: "b" };

/** Runs calls of one app, which can use 1,000 contacts at once. The clock stands still. */
function start({ isLimited = true } = {}) {
  const limit = { contactsPerSecond: 1_000, burst: 1_000 };
  const limiter = createRateLimiter({ defaultLimit: isLimited ? limit : undefined, now: () => 0 });
  const intercept = createRateLimiting({ limiter, service: ContactService });
  return {
    run(method: DescMethodUnary, read: () => Promise<Message>, response: Message) {
      const call = new Call({ method: nameOf(method), protocol: "grpc" });
      call.principal = { appId: 1, appName: "shop", keyId: "k", rateLimit: null };
      let leftInside = 0;
      const run = intercept(async (_, readMessage) => {
        await readMessage();
        leftInside = leftOf(call);
        return response;
      });
      return { call, result: run(call, read), leftInside: () => leftInside };
    },
  };
}

/** The contacts that the app of the call can still use. */
function leftOf({ quota }: Call): number {
  const [, left] = /r=(\d+)/.exec(quota?.headers().RateLimit ?? "") ?? [];
  return Number(left);
}

/** How many contacts a call takes. */
async function costOf<M extends DescMethodUnary>(
  method: M,
  request: MessageInitShape<M["input"]>,
  response: MessageInitShape<M["output"]> = {} as MessageInitShape<M["output"]>,
): Promise<number> {
  const read = async () => create(method.input, request);
  const { call, result } = start().run(method, read, create(method.output, response));
  await result;
  return 1_000 - leftOf(call);
}

const many = <T>(count: number, value: T): T[] => Array(count).fill(value);

test("a sync counts its entries", async () => {
  expect(await costOf(methods.syncContacts, { contacts: many(30, pair) })).toBe(30);
});

test("a check counts its pairs", async () => {
  expect(await costOf(methods.checkContacts, { pairs: many(30, pair) })).toBe(30);
});

test.each([
  { ids: 0, cost: 1 },
  { ids: 30, cost: 30 },
])("a replacement with $ids ids counts $cost", async ({ ids, cost }) => {
  expect(await costOf(methods.replaceContacts, { contactXcUserIds: many(ids, "b") })).toBe(cost);
});

test.each([
  { size: undefined, found: 0, cost: 1 },
  { size: undefined, found: 100, cost: 100 },
  { size: 500, found: 7, cost: 7 },
])("a page of $size with $found contacts counts $cost", async ({ size, found, cost }) => {
  const request = size === undefined ? {} : { pageSize: size };
  const lists = [methods.listContacts, methods.listMutualContacts] as const;
  for (const method of lists) {
    expect(await costOf(method, request, { contacts: many(found, entry) })).toBe(cost);
  }
});

test.each([methods.countContacts, methods.fingerprintContacts, methods.eraseUser])(
  "$name counts 1",
  async (method) => {
    expect(await costOf(method, {})).toBe(1);
  },
);

test("every method of the service has a cost", async () => {
  for (const method of ContactService.methods) {
    expect(await costOf(method as DescMethodUnary, {}), method.name).toBe(1);
  }
});

test("a page takes its size until its contacts are known", async () => {
  const { input, output } = methods.listContacts;
  const read = async () => create(input, { pageSize: 800 });
  const service = start();
  const { call, result, leftInside } = service.run(methods.listContacts, read, create(output));
  await result;
  expect(leftInside()).toBe(200);
  expect(leftOf(call)).toBe(999);
});

test("a call over the limit is rejected before its message is read", async () => {
  const service = start();
  const sync = methods.syncContacts;
  const read = async () => create(sync.input, { contacts: many(1_000, pair) });
  await service.run(sync, read, create(sync.output)).result;
  let reads = 0;
  const { call, result } = service.run(
    sync,
    async () => {
      reads += 1;
      return create(sync.input);
    },
    create(sync.output),
  );
  expect(result).toMatchObject({ reason: "RATE_LIMITED" });
  expect(reads).toBe(0);
  expect(call.quota?.headers().RateLimit).toBe('"contacts";r=0;t=1');
});

test("a message that cannot be read counts 1", async () => {
  const sync = methods.syncContacts;
  const read = () => Promise.reject(fault("BODY_UNREADABLE", { format: "protobuf" }));
  const { call, result } = start().run(sync, read, create(sync.output));
  await expect(result).rejects.toMatchObject({ reason: "BODY_UNREADABLE" });
  expect(leftOf(call)).toBe(999);
});

test("without a limit a call has no quota", async () => {
  const count = methods.countContacts;
  const read = async () => create(count.input);
  const { call, result } = start({ isLimited: false }).run(count, read, create(count.output));
  await result;
  expect(call.quota).toBeUndefined();
});
