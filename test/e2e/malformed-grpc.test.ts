import type { OutgoingHttpHeaders } from "node:http2";
import { gzipSync } from "node:zlib";
import { afterEach, describe, expect, test } from "vitest";
import { encodeSync, expectToServe, rpcPath } from "./support/calls.ts";
import { exchangeHttp2, grpcFrame, grpcStatusOf, openHttp2 } from "./support/http2.ts";
import { serveForFile } from "./support/served.ts";

const maxBodyBytes = 65_536;
const served = serveForFile({ MAX_BODY_BYTES: String(maxBodyBytes) });
afterEach(() => expectToServe(served));

const ok = 0;
const invalidArgument = 3;
const deadlineExceeded = 4;
const resourceExhausted = 8;
const unimplemented = 12;
const internal = 13;

async function statusOf(body: Uint8Array, more: OutgoingHttpHeaders = {}) {
  using session = openHttp2(served.port);
  const headers = {
    ":path": rpcPath,
    "content-type": "application/grpc",
    te: "trailers",
    "server-key": served.header,
    ...more,
  };
  return grpcStatusOf(await exchangeHttp2(session, { headers, body }));
}

const good = encodeSync(["a", "b"]);
const huge = encodeSync(["a".repeat(maxBodyBytes), "b"]);
const zeros = gzipSync(Buffer.alloc(10_000_000));

/** Bytes in hexadecimal. */
const hex = (text: string) => Buffer.from(text.replaceAll(" ", ""), "hex");

describe("the framing of a message", () => {
  test.each([
    { name: "whole", body: grpcFrame(good), code: ok },
    { name: "no bytes", body: Buffer.alloc(0), code: unimplemented },
    { name: "part of a prefix", body: Buffer.from([0, 0, 0]), code: invalidArgument },
    {
      name: "a prefix without its message",
      body: grpcFrame(Buffer.alloc(0), { length: 10 }),
      code: invalidArgument,
    },
    {
      name: "a message cut short",
      body: grpcFrame(good.subarray(1), { length: good.length }),
      code: invalidArgument,
    },
    {
      name: "a message, then part of a prefix",
      body: Buffer.concat([grpcFrame(good), Buffer.from([0])]),
      code: invalidArgument,
    },
    {
      name: "a prefix that promises 4 GiB",
      body: grpcFrame(good, { length: 0xffff_ffff }),
      code: resourceExhausted,
    },
    {
      name: "a prefix that promises one byte too many",
      body: grpcFrame(good, { length: maxBodyBytes + 1 }),
      code: resourceExhausted,
    },
    { name: "a message over the limit", body: grpcFrame(huge), code: resourceExhausted },
    { name: "an empty message", body: grpcFrame(Buffer.alloc(0)), code: invalidArgument },
    {
      name: "two messages",
      body: Buffer.concat([grpcFrame(good), grpcFrame(good)]),
      code: unimplemented,
    },
    {
      name: "two messages, the first bad",
      body: Buffer.concat([grpcFrame(hex("ff")), grpcFrame(good)]),
      code: unimplemented,
    },
    {
      name: "compressed, without a coding",
      body: grpcFrame(good, { flags: 1 }),
      code: internal,
    },
    { name: "a reserved flag", body: grpcFrame(good, { flags: 2 }), code: internal },
    { name: "an unknown flag", body: grpcFrame(good, { flags: 4 }), code: internal },
    { name: "every flag", body: grpcFrame(good, { flags: 0xff }), code: internal },
    {
      name: "the flag of a trailer in gRPC-Web",
      body: grpcFrame(good, { flags: 0x80 }),
      code: internal,
    },
    {
      name: "JSON in place of a frame",
      body: Buffer.from('{"contacts":[]}'),
      code: [invalidArgument, resourceExhausted],
    },
  ])("$name", async ({ body, code }) => {
    expect([code].flat()).toContain(await statusOf(body));
  });
});

describe("the protobuf of a message", () => {
  test.each([
    { name: "no tag", bytes: hex("00") },
    { name: "all bits", bytes: Buffer.alloc(40, 0xff) },
    { name: "field number 0", bytes: hex("02 00") },
    { name: "a length without its bytes", bytes: hex("0a 7f 0a") },
    { name: "a length of 4 GiB", bytes: hex("0a ff ff ff ff 0f") },
    { name: "a negative length", bytes: hex("0a ff ff ff ff ff ff ff ff ff 01") },
    { name: "a varint that does not end", bytes: hex("0a 80 80 80") },
    {
      name: "a varint of eleven bytes",
      bytes: Buffer.concat([hex("08"), Buffer.alloc(11, 0x80), hex("01")]),
    },
    { name: "an entry cut short", bytes: hex("0a 03 0a 05 61") },
    { name: "a number for a message", bytes: hex("08 01") },
    { name: "a number for a string", bytes: hex("0a 02 08 01") },
    { name: "a group that opens", bytes: hex("0b") },
    { name: "a group that closes", bytes: hex("0c") },
    { name: "a group around an entry", bytes: hex("0b 0a 01 61 0c") },
    { name: "an unknown group that closes", bytes: hex("7b 7c") },
    { name: "groups in groups, very deep", bytes: Buffer.alloc(60_000, 0x7b) },
    { name: "wire type 6", bytes: hex("0e") },
    { name: "wire type 7", bytes: hex("0f") },
    { name: "four bytes cut short", bytes: hex("7d 00 00") },
    { name: "a string that is not UTF-8", bytes: hex("0a 06 0a 01 ff 12 01 62") },
    { name: "an overlong NUL", bytes: hex("0a 07 0a 02 c0 80 12 01 62") },
    { name: "a surrogate", bytes: hex("0a 08 0a 03 ed a0 80 12 01 62") },
    { name: "only fields that are unknown", bytes: hex("fa 01 03 61 62 63") },
  ])("$name", async ({ bytes }) => {
    expect(await statusOf(grpcFrame(bytes))).toBe(invalidArgument);
  });

  test("unknown fields beside known ones are ignored", async () => {
    const bytes = Buffer.concat([good, hex("fa 01 03 61 62 63 7b 08 01 7c")]);
    expect(await statusOf(grpcFrame(bytes))).toBe(ok);
  });
});

describe("compression", () => {
  const gzip = { "grpc-encoding": "gzip" };
  const cut = gzipSync(good).subarray(0, -6);
  test.each([
    { name: "gzip", body: grpcFrame(gzipSync(good), { flags: 1 }), headers: gzip, code: ok },
    { name: "gzip, not used", body: grpcFrame(good), headers: gzip, code: ok },
    { name: "identity", body: grpcFrame(good), headers: { "grpc-encoding": "identity" }, code: ok },
    {
      name: "gzip that is none",
      body: grpcFrame(good, { flags: 1 }),
      headers: gzip,
      code: invalidArgument,
    },
    {
      name: "gzip cut short",
      body: grpcFrame(cut, { flags: 1 }),
      headers: gzip,
      code: invalidArgument,
    },
    {
      name: "gzip of nothing",
      body: grpcFrame(Buffer.alloc(0), { flags: 1 }),
      headers: gzip,
      code: invalidArgument,
    },
    {
      name: "gzip of rubbish",
      body: grpcFrame(gzipSync(hex("ff")), { flags: 1 }),
      headers: gzip,
      code: invalidArgument,
    },
    {
      name: "a gzip bomb",
      body: grpcFrame(zeros, { flags: 1 }),
      headers: gzip,
      code: resourceExhausted,
    },
    {
      name: "an unknown coding",
      body: grpcFrame(good),
      headers: { "grpc-encoding": "pie" },
      code: unimplemented,
    },
    {
      name: "an unknown coding, used",
      body: grpcFrame(good, { flags: 1 }),
      headers: { "grpc-encoding": "br" },
      code: unimplemented,
    },
    {
      name: "a coding over-long",
      body: grpcFrame(good),
      headers: { "grpc-encoding": "g".repeat(9_000) },
      code: unimplemented,
    },
    {
      name: "no coding that we could answer with",
      body: grpcFrame(good),
      headers: { "grpc-accept-encoding": "pie" },
      code: ok,
    },
  ] as { name: string; body: Buffer; headers: OutgoingHttpHeaders; code: number }[])(
    "$name",
    async ({ body, headers, code }) => {
      expect(await statusOf(body, headers)).toBe(code);
    },
  );
});

describe("grpc-timeout", () => {
  test.each([
    { value: "", code: invalidArgument },
    { value: "1", code: invalidArgument },
    { value: "S", code: invalidArgument },
    { value: "-1S", code: invalidArgument },
    { value: "1.5S", code: invalidArgument },
    { value: "1x", code: invalidArgument },
    { value: "1 S", code: invalidArgument },
    { value: "123456789S", code: invalidArgument },
    { value: "0S", code: deadlineExceeded },
    { value: "0n", code: deadlineExceeded },
    { value: "00000000H", code: deadlineExceeded },
    { value: "600H", code: ok },
    { value: "99999999m", code: ok },
    { value: "99999999S", code: ok },
    { value: "99999999M", code: ok },
    { value: "99999999H", code: ok },
  ])('"$value"', async ({ value, code }) => {
    expect(await statusOf(grpcFrame(good), { "grpc-timeout": value })).toBe(code);
  });
});

describe("the content type", () => {
  const type = (value: string) => ({
    headers: { ":path": rpcPath, "content-type": value, "server-key": served.header },
    body: grpcFrame(good),
  });

  test.each(["application/grpc", "application/grpc+proto"])('"%s" is served', async (value) => {
    using session = openHttp2(served.port);
    expect(grpcStatusOf(await exchangeHttp2(session, type(value)))).toBe(ok);
  });

  test.each([
    "application/grpc+pie",
    "application/grpc-pie",
    "application/grpc; charset=pie",
    "application/pie",
    "text/plain",
    "",
  ])('"%s" is rejected', async (value) => {
    using session = openHttp2(served.port);
    const answer = await exchangeHttp2(session, type(value));
    // By the status of HTTP, or by that of gRPC.
    if (answer.status === 200) expect(grpcStatusOf(answer)).toBe(unimplemented);
    else expect(answer.status).toBe(415);
  });
});
