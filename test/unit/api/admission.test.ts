import { expect, test } from "vitest";
import { createAdmission } from "../../../src/api/admission.ts";
import { Call } from "../../../src/api/call.ts";
import type { BeforeDecode } from "../../../src/api/operation.ts";

const method = "contact.v1.ContactService/SyncContacts";

function open(options: { rejects: boolean[]; method?: string }) {
  const call = new Call({ method: options.method ?? method, protocol: "grpc" });
  call.principal = { appId: 7, appName: "app", keyId: "key", rateLimit: null };
  const asked: number[] = [];
  const backlog = {
    rejects(appId: number) {
      asked.push(appId);
      return options.rejects.shift() ?? false;
    },
  };
  const read: string[] = [];
  const run = createAdmission({ backlogs: new Map([[method, backlog]]) })(async (_, readMessage) =>
    readMessage(),
  );
  const result = run(call, async (beforeDecode?: BeforeDecode) => {
    read.push("received");
    beforeDecode?.();
    read.push("decoded");
    return { $typeName: "message" };
  });
  return { result, read, asked };
}

test("a call of an app that has too much pending is rejected before its body is read", async () => {
  const { result, read, asked } = open({ rejects: [true] });
  expect(result).toMatchObject({ reason: "OVERLOADED" });
  expect(read).toEqual([]);
  expect(asked).toEqual([7]);
});

test("a call is rejected before its body is decoded if the app has got too much pending meanwhile", async () => {
  const { result, read } = open({ rejects: [false, true] });
  await expect(result).rejects.toMatchObject({ reason: "OVERLOADED" });
  expect(read).toEqual(["received"]);
});

test("other calls are served", async () => {
  const { result, read } = open({ rejects: [] });
  await result;
  expect(read).toEqual(["received", "decoded"]);
  const unlimited = open({ rejects: [true], method: "contact.v1.ContactService/EraseUser" });
  await unlimited.result;
  expect(unlimited.asked).toEqual([]);
});
