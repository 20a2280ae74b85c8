import type { OutgoingHttpHeaders } from "node:http2";
import { afterEach, describe, expect, test } from "vitest";
import { encodeSync, expectToServe, restPath, rpcPath } from "./support/calls.ts";
import { exchangeHttp2, grpcFrame, grpcStatusOf, openHttp2 } from "./support/http2.ts";
import { headerBlock, withHeaderBlock } from "./support/http2-frames.ts";
import { serveForFile } from "./support/served.ts";

const served = serveForFile();
afterEach(() => expectToServe(served));

const ok = 0;
const invalidArgument = 3;
const unimplemented = 12;

const message = () => grpcFrame(encodeSync(["a", "b"]));
const json = () => Buffer.from('{"contacts":[{"ownerXCUserID":"a","contactXCUserID":"b"}]}');

function grpcHeaders(more: OutgoingHttpHeaders = {}): OutgoingHttpHeaders {
  return {
    ":path": rpcPath,
    "content-type": "application/grpc",
    te: "trailers",
    "server-key": served.header,
    ...more,
  };
}

function restHeaders(more: OutgoingHttpHeaders = {}): OutgoingHttpHeaders {
  return {
    ":path": restPath,
    "content-type": "application/json",
    "server-key": served.header,
    ...more,
  };
}

describe("the :authority", () => {
  const cases = [
    { name: "an open bracket", authority: "[::1" },
    { name: "an impossible port", authority: "a:99999" },
    { name: "two words", authority: "a b" },
    { name: "empty", authority: "" },
    { name: "a lone percent sign", authority: "%" },
    { name: "with a user", authority: "u:p@h" },
    { name: "with a path", authority: "a/b" },
    { name: "very long", authority: "x".repeat(10_000) },
    { name: "beyond ASCII", authority: "é" },
  ];

  test.each(cases)("$name, over gRPC", async ({ authority }) => {
    using session = openHttp2(served.port);
    const headers = grpcHeaders({ ":authority": authority });
    const answer = await exchangeHttp2(session, { headers, body: message() });
    // HTTP/2 itself may reject the bytes, and resets the stream.
    if (answer.status !== undefined) expect([ok, invalidArgument]).toContain(grpcStatusOf(answer));
  });

  test.each(cases)("$name, over REST", async ({ authority }) => {
    using session = openHttp2(served.port);
    const headers = restHeaders({ ":authority": authority });
    const { status } = await exchangeHttp2(session, { headers, body: json() });
    expect([200, 400, undefined]).toContain(status);
  });
});

describe("the :path", () => {
  const long = "x".repeat(10_000);
  test.each([
    { path: "/", grpc: unimplemented, http: 404 },
    { path: "//", grpc: unimplemented, http: 404 },
    { path: "/%zz", grpc: unimplemented, http: 404 },
    { path: "/__proto__", grpc: unimplemented, http: 404 },
    { path: "/contact.v1.ContactService/Nothing", grpc: unimplemented, http: 404 },
    { path: "/contact.v1.ContactService/constructor", grpc: unimplemented, http: 404 },
    { path: `${rpcPath}/`, grpc: unimplemented, http: 404 },
    { path: `/x/..${rpcPath}`, grpc: unimplemented, http: 404 },
    { path: `/${long}`, grpc: unimplemented, http: 404 },
    { path: `${rpcPath}#fragment`, grpc: unimplemented, http: 404 },
    { path: `${rpcPath}?query=%zz`, grpc: ok, http: 200 },
  ])("$path", async ({ path, grpc, http }) => {
    using session = openHttp2(served.port);
    const overGrpc = grpcHeaders({ ":path": path });
    const answer = await exchangeHttp2(session, { headers: overGrpc, body: message() });
    expect(grpcStatusOf(answer)).toBe(grpc);
    const overConnect = restHeaders({ ":path": path });
    const { status } = await exchangeHttp2(session, { headers: overConnect, body: json() });
    expect(status).toBe(http);
  });
});

test("the :path *, which is only for OPTIONS", async () => {
  using session = openHttp2(served.port);
  for (const headers of [grpcHeaders({ ":path": "*" }), restHeaders({ ":path": "*" })]) {
    const { status } = await exchangeHttp2(session, { headers });
    expect([400, 404, undefined]).toContain(status);
  }
});

describe("a method", () => {
  test.each([
    { method: "GET", statuses: [405] },
    { method: "get", statuses: [405, undefined] },
    { method: "OPTIONS", statuses: [405] },
    { method: "FROB", statuses: [405] },
    { method: "", statuses: [405, undefined] },
  ])("$method", async ({ method, statuses }) => {
    using session = openHttp2(served.port);
    for (const headers of [grpcHeaders(), restHeaders()]) {
      const odd = { ...headers, ":method": method };
      const { status } = await exchangeHttp2(session, { headers: odd });
      expect(statuses).toContain(status);
    }
  });

  test("CONNECT gets no tunnel", async () => {
    using session = openHttp2(served.port);
    const headers = { ":method": "CONNECT", ":authority": "a:80" };
    const { status } = await exchangeHttp2(session, { headers });
    expect([400, 404, 405, undefined]).toContain(status);
  });
});

describe("headers", () => {
  test.each([
    { name: "Expect: 100-continue", more: { expect: "100-continue" }, statuses: [200] },
    { name: "an impossible expectation", more: { expect: "pie" }, statuses: [417] },
    { name: "a wrong length", more: { "content-length": "3" }, statuses: [400, undefined] },
    {
      name: "a length over the limit",
      more: { "content-length": "8388609" },
      statuses: [413, undefined],
    },
    { name: "two keys", more: { "server-key": ["eA==", "eA=="] }, statuses: [401] },
    { name: "no key", more: { "server-key": "" }, statuses: [400] },
    { name: "a key over-long", more: { "server-key": "e".repeat(5_000) }, statuses: [401] },
    { name: "many", more: numbered(90), statuses: [200] },
    { name: "a flood", more: numbered(2_000), statuses: [431] },
    { name: "one over-long", more: { x: "x".repeat(65_536) }, statuses: [431] },
    {
      name: "one that Node does not read",
      more: { x: "x".repeat(300_000) },
      statuses: [undefined],
    },
  ])("$name over REST", async ({ more, statuses }) => {
    using session = openHttp2(served.port);
    const answer = await exchangeHttp2(session, { headers: restHeaders(more), body: json() });
    expect(statuses).toContain(answer.status);
  });

  function numbered(count: number): OutgoingHttpHeaders {
    return Object.fromEntries(Array.from({ length: count }, (_, n) => [`x-${n}`, `${n}`]));
  }
});

describe("a header block made by hand", () => {
  type Fields = (readonly [string, string])[];
  const pseudo: Fields = [
    [":method", "POST"],
    [":scheme", "http"],
    [":path", rpcPath],
  ];
  const rest = (): Fields => [
    ["content-type", "application/grpc"],
    ["te", "trailers"],
    ["server-key", served.header],
  ];

  test.each([
    { name: "whole", fields: () => [...pseudo, [":authority", "a"], ...rest()], status: ok },
    {
      name: "with a host instead of an authority",
      fields: () => [...pseudo, ["host", "a"], ...rest()],
      status: ok,
    },
    { name: "without an authority", fields: () => [...pseudo, ...rest()] },
    {
      name: "without a path",
      fields: () => [...pseudo.slice(0, 2), [":authority", "a"], ...rest()],
    },
    {
      name: "without a method",
      fields: () => [...pseudo.slice(1), [":authority", "a"], ...rest()],
    },
    {
      name: "without a scheme",
      fields: () => [...pseudo.slice(0, 1), ...pseudo.slice(2), ...rest()],
    },
    { name: "with two paths", fields: () => [...pseudo, [":path", "/x"], ...rest()] },
    { name: "with an unknown pseudo-header", fields: () => [...pseudo, [":pie", "x"], ...rest()] },
    {
      name: "with a pseudo-header late",
      fields: () => [...pseudo, ...rest(), [":authority", "a"]],
    },
    { name: "with capital letters", fields: () => [...pseudo, ["X-Y", "z"], ...rest()] },
    {
      name: "with a connection header",
      fields: () => [...pseudo, ["connection", "close"], ...rest()],
    },
    {
      name: "with a coding of HTTP/1",
      fields: () => [...pseudo, ["transfer-encoding", "chunked"], ...rest()],
    },
    {
      name: "with a line end in a value",
      fields: () => [...pseudo, ["x", "a\r\nb: c"], ...rest()],
    },
    { name: "with a NUL in a value", fields: () => [...pseudo, ["x", "a\0b"], ...rest()] },
    { name: "with an empty name", fields: () => [...pseudo, ["", "x"], ...rest()] },
    { name: "that is empty", fields: () => [] },
  ] as { name: string; fields: () => Fields; status?: number }[])(
    "$name",
    async ({ fields, status }) => {
      using session = openHttp2(served.port, withHeaderBlock(served.port, headerBlock(fields())));
      const answer = await exchangeHttp2(session, { headers: grpcHeaders(), body: message() });
      // If HTTP/2 itself rejects the block, the stream or the connection ends without a response.
      if (status === undefined)
        expect([invalidArgument, undefined]).toContain(grpcStatusOf(answer));
      else expect(grpcStatusOf(answer)).toBe(status);
    },
  );
});
