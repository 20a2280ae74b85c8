import { expect, test } from "vitest";
import { startServiceForTest } from "../support/service.ts";
import { entry, openGrpc, syncOverGrpc, syncOverRest } from "./support/calls.ts";
import { eventually } from "./support/eventually.ts";

test("with ACCESS_LOG=on, each call has a line with the address of its client", async () => {
  const service = await startServiceForTest({ ACCESS_LOG: "on", TRUST_PROXY: "127.0.0.0/8" });
  const app = await service.createApp();
  const target = { url: service.url, header: app.header };
  await syncOverRest(target, [entry("alice", "bob")], {
    headers: { "X-Forwarded-For": "203.0.113.9, 192.0.2.7" },
  });
  const client = openGrpc(service.url);
  await syncOverGrpc(client, app.header, [["alice", "carol"]]).answer;
  client.close();

  const lines = () =>
    service.logs.filter(({ msg, method }) => msg === "request" && String(method).includes("/"));
  await eventually("both lines", () => lines().length === 2);
  const common = { app: app.name, method: "contact.v1.ContactService/SyncContacts", code: "OK" };
  expect(lines()).toEqual([
    expect.objectContaining({ ...common, protocol: "rest", client: "192.0.2.7" }),
    expect.objectContaining({ ...common, protocol: "grpc", client: "127.0.0.1" }),
  ]);
  for (const id of ["alice", "bob", "carol", app.header]) {
    expect(JSON.stringify(service.logs)).not.toContain(id);
  }
});

test("without TRUST_PROXY, the header is not believed", async () => {
  const service = await startServiceForTest({ ACCESS_LOG: "on" });
  const app = await service.createApp();
  await syncOverRest({ url: service.url, header: app.header }, [entry("alice", "bob")], {
    headers: { "X-Forwarded-For": "192.0.2.7", Forwarded: "for=192.0.2.7" },
  });
  await eventually("the line", () => service.logs.some(({ protocol }) => protocol === "rest"));
  expect(JSON.stringify(service.logs)).not.toContain("192.0.2.7");
});
