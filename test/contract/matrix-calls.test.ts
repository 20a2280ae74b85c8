import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ContactService } from "../../src/gen/contact/v1/contact_service_pb.ts";
import type { TestApp } from "../support/service.ts";
import { callCases, callCells } from "./calls/cases.ts";
import { leavesNothing, runCall } from "./calls/run.ts";
import type { Rpc, Transport } from "./calls/transports.ts";
import { transports } from "./calls/transports.ts";
import { serveContract } from "./for-file.ts";

const served = serveContract();

test("every case has a unique name, and every call has cases", () => {
  const all = Object.values(callCases).flat();
  const names = all.map(({ name }) => name);
  expect(names).toEqual([...new Set(names)]);
  const called = new Set<Rpc>(all.map(({ rpc }) => rpc));
  expect(Object.keys(ContactService.method).sort()).toEqual([...called].sort());
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
