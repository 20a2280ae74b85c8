import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ContactService } from "../../src/gen/contact/v1/contact_service_pb.ts";
import type { TestApp } from "../support/service.ts";
import { callCases, callCells } from "./calls/cases.ts";
import { leavesNothing, runCall } from "./calls/run.ts";
import type { Transport } from "./calls/transports.ts";
import { transports } from "./calls/transports.ts";
import { serveContract } from "./for-file.ts";

const served = serveContract();

test("every case has a unique name", () => {
  const names = Object.values(callCases)
    .flat()
    .map(({ name }) => name);
  expect(names).toEqual([...new Set(names)]);
});

test("every call has cases", () => {
  const called = new Set<string>(
    Object.values(callCases)
      .flat()
      .map(({ rpc }) => rpc),
  );
  const missing = Object.keys(ContactService.method).filter((rpc) => !called.has(rpc));
  expect(missing, "add cases in test/contract/calls, and list them in cases.ts").toEqual([]);
});

describe.each(Object.entries(transports))("%s", (name, openTransport) => {
  let transport: Transport;
  let empty: TestApp;
  beforeAll(async () => {
    transport = openTransport(served.service);
    empty = await served.service.createApp();
  });
  afterAll(() => transport.close());

  for (const { topic, testCase } of callCells.filter(({ protocol }) => protocol === name)) {
    test(`${topic}: ${testCase.name}`, async () => {
      const app = leavesNothing(testCase) ? empty : await served.service.createApp();
      await runCall(testCase, { transport, app, stored: served.stored });
    });
  }
});
