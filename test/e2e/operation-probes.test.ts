import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { DescMethod, MessageInitShape, MessageShape } from "@bufbuild/protobuf";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { status as GrpcStatus } from "@grpc/grpc-js";
import { describe, expect, test, vi } from "vitest";
import {
  Health,
  HealthCheckResponse_ServingStatus as Status,
} from "../../src/gen/grpc/health/v1/health_pb.ts";
import { createProbes } from "../../src/transport/probes.ts";
import { openGrpc } from "./support/calls.ts";
import { serveForFile } from "./support/served.ts";

const served = serveForFile();

describe.each(["/livez", "/readyz"])("%s needs no key", (path) => {
  test.each([
    { method: "GET", body: "ok\n" },
    { method: "HEAD", body: "" },
  ])("$method", async ({ method, body }) => {
    const response = await fetch(served.url + path, { method });
    expect(response.status).toBe(200);
    expect(response.headers.get("cache-control")).toBe("no-store");
    expect(await response.text()).toBe(body);
  });

  test("with a query", async () => {
    const response = await fetch(`${served.url}${path}?a=b`);
    expect(await response.text()).toBe("ok\n");
  });
});

test("/readyz?verbose has a line for each check", async () => {
  const response = await fetch(`${served.url}/readyz?verbose`);
  expect(await response.text()).toBe("service: ok\ndatabase: ok\nok\n");
});

test.each([
  { problem: "unreachable", service: undefined },
  { problem: "not a primary that accepts writes", service: undefined },
  { problem: undefined, service: "stopping" },
])("/readyz?verbose names $problem $service", async ({ problem, service }) => {
  const checks = [
    { name: "service", problem: service },
    { name: "database", problem },
  ];
  const route = createProbes({ checkReadiness: async () => checks }).get("/readyz");
  const server = createServer((req, res) => void route?.serve(undefined as never, req, res));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const response = await fetch(`http://127.0.0.1:${port}/readyz?verbose`);
  expect(response.status).toBe(503);
  expect(await response.text()).toBe(
    `service: ${service ?? "ok"}\ndatabase: ${problem ?? "ok"}\nnot ready\n`,
  );
  server.closeAllConnections();
  server.close();
});

/** A unary call of grpc-js, without a key. */
function ask<M extends DescMethod>(method: M, init: MessageInitShape<M["input"]>) {
  const client = openGrpc(served.url);
  return new Promise<MessageShape<M["output"]>>((resolve, reject) => {
    client.makeUnaryRequest(
      `/${method.parent.typeName}/${method.name}`,
      (message: MessageShape<M["input"]>) => Buffer.from(toBinary(method.input, message)),
      (bytes) => fromBinary(method.output, bytes) as MessageShape<M["output"]>,
      create(method.input, init) as MessageShape<M["input"]>,
      (error, answer) => (answer === undefined ? reject(error) : resolve(answer)),
    );
  }).finally(() => client.close());
}

function openWatches() {
  const { watch } = Health.method;
  const client = openGrpc(served.url);
  return {
    watch(service = "") {
      const call = client.makeServerStreamRequest(
        `/${Health.typeName}/${watch.name}`,
        (message: MessageShape<typeof watch.input>) => Buffer.from(toBinary(watch.input, message)),
        (bytes) => fromBinary(watch.output, bytes),
        create(watch.input, { service }),
      );
      // What the test has seen it need not see end.
      call.on("error", () => {});
      return call;
    },
    [Symbol.dispose]: () => client.close(),
  };
}

function openWatch(service: string) {
  const client = openWatches();
  const call = client.watch(service);
  return Object.assign(call, {
    [Symbol.dispose]() {
      call.cancel();
      client[Symbol.dispose]();
    },
  });
}

describe("grpc.health.v1", () => {
  const { check, list } = Health.method;
  const known = ["", "contact.v1.ContactService"];

  test.each(known)("checks %j", async (service) => {
    expect((await ask(check, { service })).status).toBe(Status.SERVING);
  });

  test.each(["nothing", "contact.v1", "__proto__"])("does not know %j", async (service) => {
    await expect(ask(check, { service })).rejects.toMatchObject({ code: GrpcStatus.NOT_FOUND });
  });

  test("lists its services", async () => {
    const { statuses } = await ask(list, {});
    expect(Object.keys(statuses).sort()).toEqual(known);
    for (const { status } of Object.values(statuses)) expect(status).toBe(Status.SERVING);
  });

  test.each([
    ...known.map((service) => ({ service, status: Status.SERVING })),
    { service: "nothing", status: Status.SERVICE_UNKNOWN },
  ])("a watch of $service begins with the status of now", async ({ service, status }) => {
    using watch = openWatch(service);
    const [first] = await once(watch, "data");
    expect(first.status).toBe(status);
  });

  test("a connection can have ten watches, and more when one of them ends", async () => {
    using client = openWatches();
    const watches = Array.from({ length: 10 }, () => client.watch());
    await Promise.all(watches.map((each) => once(each, "data")));
    await expect(once(client.watch(), "data")).rejects.toMatchObject({
      code: GrpcStatus.RESOURCE_EXHAUSTED,
    });
    watches[0]?.cancel();
    await vi.waitFor(() => once(client.watch(), "data"));
  });

  test("a watch that its caller ends does not affect others", async () => {
    using staying = openWatch("");
    await once(staying, "data");
    {
      using leaving = openWatch("");
      await once(leaving, "data");
    }
    expect((await ask(check, { service: "" })).status).toBe(Status.SERVING);
    expect(staying.destroyed).toBe(false);
  });
});
