import { afterEach, describe, expect, test } from "vitest";
import { encodeSync, expectToServe, restPath, rpcPath } from "./support/calls.ts";
import { exchangeHttp2, grpcFrame, grpcStatusOf, openHttp2 } from "./support/http2.ts";
import { serveForFile } from "./support/served.ts";

const served = serveForFile({ MAX_BODY_BYTES: "65536" });
afterEach(() => expectToServe(served));

const good = () => ({
  headers: {
    ":path": rpcPath,
    "content-type": "application/grpc",
    te: "trailers",
    "server-key": served.header,
  },
  body: grpcFrame(encodeSync(["a", "b"])),
});

const large = Buffer.alloc(300_000, 0x20);

/**
 * What a connection may carry unread is limited. A body that is refused, and not read to its end, must
 * not use that up, or the calls after it wait for ever.
 */
describe("one HTTP/2 connection continues after ten rejected bodies:", () => {
  test.each([
    { name: "gRPC, too large", headers: {}, body: grpcFrame(large) },
    {
      name: "gRPC, too large by its prefix",
      headers: {},
      body: grpcFrame(large, { length: 2 ** 32 - 1 }),
    },
    { name: "gRPC, without a key", headers: { "server-key": "" }, body: grpcFrame(large) },
    { name: "gRPC, of an unknown method", headers: { ":path": "/x.Y/Z" }, body: grpcFrame(large) },
    {
      name: "gRPC, of an unknown coding",
      headers: { "grpc-encoding": "pie" },
      body: grpcFrame(large),
    },
    { name: "Connect, too large", headers: { "content-type": "application/json" }, body: large },
    { name: "Connect, of another type", headers: { "content-type": "text/plain" }, body: large },
    {
      name: "REST, too large",
      headers: { ":path": restPath, "content-type": "application/json" },
      body: large,
    },
    {
      name: "REST, of another type",
      headers: { ":path": restPath, "content-type": "text/plain" },
      body: large,
    },
    { name: "REST, without a key", headers: { ":path": restPath, "server-key": "" }, body: large },
    {
      name: "an unknown path",
      headers: { ":path": "/nowhere", "content-type": "text/plain" },
      body: large,
    },
    { name: "a probe", headers: { ":path": "/livez", "content-type": "text/plain" }, body: large },
  ])("$name", async ({ headers, body }) => {
    using session = openHttp2(served.port);
    const refused = { headers: { ...good().headers, ...headers }, body };
    for (let n = 0; n < 10; n++) {
      const { status } = await exchangeHttp2(session, refused);
      expect(status).toBeLessThan(500);
    }
    expect(grpcStatusOf(await exchangeHttp2(session, good()))).toBe(0);
    const nearLimit = grpcFrame(encodeSync(...pairsOf(60_000)));
    expect(grpcStatusOf(await exchangeHttp2(session, { ...good(), body: nearLimit }))).toBe(0);
  });
});

/** Pairs that make a message of about so many bytes. */
function pairsOf(bytes: number): [string, string][] {
  return Array.from({ length: Math.floor(bytes / 70) }, (_, n) => ["o".repeat(50), `contact-${n}`]);
}
