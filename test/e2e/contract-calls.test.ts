import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ContactService } from "../../src/gen/contact/v1/contact_service_pb.ts";
import { callCases } from "../contract/calls/cases.ts";
import { leavesNothing, runCall } from "../contract/calls/run.ts";
import type { Rpc, Way } from "../contract/calls/ways.ts";
import { ways } from "../contract/calls/ways.ts";
import { serveContract } from "../contract/for-file.ts";
import type { TestApp } from "../support/service.ts";

const served = serveContract();

test("every case has a name of its own, and every call has cases", () => {
  const names = callCases.map(({ name }) => name);
  expect(names).toEqual([...new Set(names)]);
  const called = new Set<Rpc>(callCases.map(({ rpc }) => rpc));
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

  const isRest = name.startsWith("REST");
  for (const given of callCases.filter(({ isJsonOnly }) => isRest || !isJsonOnly)) {
    test(given.name, async () => {
      const app = leavesNothing(given) ? empty : await served.service.createApp();
      await runCall(given, { way, app, stored: served.stored });
    });
  }
});
