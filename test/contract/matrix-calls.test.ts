import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ContactService } from "../../src/gen/contact/v1/contact_service_pb.ts";
import type { TestApp } from "../support/service.ts";
import { callCases, callCells } from "./calls/cases.ts";
import { leavesNothing, runCall } from "./calls/run.ts";
import type { Rpc, Way } from "./calls/ways.ts";
import { ways } from "./calls/ways.ts";
import { serveContract } from "./for-file.ts";

const served = serveContract();

test("every case has a name of its own, and every call has cases", () => {
  const all = Object.values(callCases).flat();
  const names = all.map(({ name }) => name);
  expect(names).toEqual([...new Set(names)]);
  const called = new Set<Rpc>(all.map(({ rpc }) => rpc));
  expect(Object.keys(ContactService.method).sort()).toEqual([...called].sort());
});

describe.each(Object.entries(ways))("%s", (name, openWay) => {
  let way: Way;
  let empty: TestApp;
  beforeAll(async () => {
    way = openWay(served.service);
    empty = await served.service.createApp();
  });
  afterAll(() => way.close());

  for (const { topic, given } of callCells.filter(({ protocol }) => protocol === name)) {
    test(`${topic}: ${given.name}`, async () => {
      const app = leavesNothing(given) ? empty : await served.service.createApp();
      await runCall(given, { way, app, stored: served.stored });
    });
  }
});
