import { describe, expect, test } from "vitest";
import { encodeSync, entry, restPath, rpcPath } from "./support/calls.ts";
import { exchangeHttp2, grpcFrame, grpcStatusOf, openHttp2 } from "./support/http2.ts";
import { serveForFile } from "./support/served.ts";

const served = serveForFile();
const inJson = JSON.stringify({ contacts: [entry("a", "b")] });
const inProtobuf = encodeSync(["a", "b"]);

interface Post {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array<ArrayBuffer>;
}

function post({ path, headers, body }: Post): Promise<Response> {
  const sent = { "server-key": served.header, ...headers };
  return fetch(served.url + path, { method: "POST", headers: sent, body });
}

const parameters = ["", ";", ";charset=UTF-8", ' ; charset="utf-8"', "; charset = utf8", "; a=b"];

describe.each([
  { type: "application/json", path: restPath, body: inJson },
  { type: "application/json", path: rpcPath, body: inJson },
  { type: "application/proto", path: rpcPath, body: Uint8Array.from(inProtobuf) },
  { type: "application/grpc", path: rpcPath, body: Uint8Array.from(grpcFrame(inProtobuf)) },
  { type: "application/grpc+proto", path: rpcPath, body: Uint8Array.from(grpcFrame(inProtobuf)) },
  { type: "application/grpc-web", path: rpcPath, body: Uint8Array.from(grpcFrame(inProtobuf)) },
])("the type $type at $path", ({ type, path, body }) => {
  test.each(parameters)("with '%s' is accepted", async (suffix) => {
    const response = await post({ path, headers: { "content-type": type + suffix }, body });
    expect(response.status).toBe(200);
    await response.arrayBuffer();
  });

  test.each([";charset=utf-16", '; charset="latin1"', ";charset="])(
    "with '%s' is 415",
    async (suffix) => {
      const response = await post({ path, headers: { "content-type": type + suffix }, body });
      expect(response.status).toBe(415);
      await response.arrayBuffer();
    },
  );
});

test.each(parameters)("gRPC over HTTP/2 accepts application/grpc%s", async (suffix) => {
  using session = openHttp2(served.port);
  const answer = await exchangeHttp2(session, {
    headers: {
      ":path": rpcPath,
      "content-type": `application/grpc${suffix}`,
      "server-key": served.header,
      te: "trailers",
    },
    body: grpcFrame(inProtobuf),
  });
  expect(grpcStatusOf(answer)).toBe(0);
});

describe("a header of the Connect protocol", () => {
  const watchPath = "/grpc.health.v1.Health/Watch";
  test.each([
    { name: "connect-protocol-version", value: "2", reason: "CONNECT_VERSION" },
    { name: "connect-timeout-ms", value: "1.5", reason: "TIMEOUT_UNREADABLE" },
    { name: "connect-timeout-ms", value: "10000000000", reason: "TIMEOUT_UNREADABLE" },
  ])("$name: $value is rejected with its reason", async ({ name, value, reason }) => {
    const details = [{ debug: { reason } }];
    const unary = await post({
      path: rpcPath,
      headers: { "content-type": "application/json", [name]: value },
      body: inJson,
    });
    expect(unary.status).toBe(400);
    expect(await unary.json()).toMatchObject({ code: "invalid_argument", details });

    const stream = await post({
      path: watchPath,
      headers: { "content-type": "application/connect+json", [name]: value },
      body: Uint8Array.from(grpcFrame(Buffer.from("{}"))),
    });
    expect(stream.status).toBe(200);
    expect(stream.headers.get("content-type")).toBe("application/connect+json");
    const end = Buffer.from(await stream.arrayBuffer());
    expect(end[0]).toBe(2);
    expect(JSON.parse(end.toString("utf8", 5))).toMatchObject({
      error: { code: "invalid_argument", details },
    });
  });
});

test("a call with streams in both directions needs HTTP/2", async () => {
  const response = await post({
    path: "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
    headers: { "content-type": "application/connect+json" },
    body: "",
  });
  expect(response.status).toBe(505);
  expect(response.headers.get("x-request-id")).toEqual(expect.any(String));
  expect(await response.json()).toMatchObject({ status: 505, error: { code: "50500" } });
});
