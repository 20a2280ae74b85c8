import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import type { Call } from "../../../src/api/call.ts";
import { createCallLifecycle } from "../../../src/api/call-lifecycle.ts";
import { fault } from "../../../src/errors.ts";
import type { HttpRoute } from "../../../src/transport/http-route.ts";
import { createRequestHandler } from "../../../src/transport/request-handler.ts";

/** Serves one route. @returns the response to a request, and the call when it has ended */
async function request(serve: HttpRoute["serve"]) {
  const ended = Promise.withResolvers<Call>();
  const route: HttpRoute = { serve, describe: () => ({ method: "any", protocol: "rest" }) };
  const handler = createRequestHandler({
    routes: new Map([["/any", route]]),
    lifecycle: createCallLifecycle({ onEnd: ended.resolve }),
  });
  const server = createServer((req, res) => void handler(req, res)).listen(0, "127.0.0.1");
  onTestFinished(() => void server.close());
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address() as AddressInfo;
  const response = await fetch(`http://127.0.0.1:${port}/any`);
  return { response, body: await response.json(), call: await ended.promise };
}

test.each<[string, HttpRoute["serve"]]>([
  ["returns", () => fault("SERVER_KEY_MISSING")],
  ["rejects with", () => Promise.reject(fault("SERVER_KEY_MISSING"))],
  [
    "throws",
    () => {
      throw fault("SERVER_KEY_MISSING");
    },
  ],
])("a fault that a route %s is the response", async (_, serve) => {
  const { response, body, call } = await request(serve);
  expect({ status: response.status, body }).toMatchObject({
    status: 400,
    body: { error: { code: "40001" } },
  });
  expect(response.headers.get("x-request-id")).toBe(call.requestId);
  expect(call.fault?.reason).toBe("SERVER_KEY_MISSING");
});

test("a bug of a route that throws fails only its call", async () => {
  const { response, body, call } = await request(() => {
    throw new TypeError("a bug");
  });
  expect(response.status).toBe(500);
  expect(JSON.stringify(body)).not.toContain("a bug");
  expect(call.fault).toMatchObject({ reason: "INTERNAL", cause: { message: "a bug" } });
});
