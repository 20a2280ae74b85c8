import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { exchangeHttp1 } from "../support/raw.ts";
import type { ContractCase } from "./case.ts";
import { badParam, counts, rejected, syncPath } from "./case.ts";
import { serveContract } from "./for-file.ts";
import { sendHttp1, sendHttp2 } from "./http.ts";
import { runOverRest } from "./rest.ts";

const limit = 2_048;
const served = serveContract({ MAX_BODY_BYTES: String(limit) });

/** A body of exactly this many bytes. An unknown field, which Kith ignores, fills it. */
function bodyOf(bytes: number, entries = '[{"ownerXCUserID":"1","contactXCUserID":"2"}]'): string {
  const start = `{"contacts":${entries},"fill":"`;
  return `${start}${"x".repeat(bytes - start.length - 2)}"}`;
}

const tooLarge = { ...rejected(413), messageIncludes: "2,048 bytes" };
const chunked = { "transfer-encoding": "chunked" };
const gzipped = { headers: { "content-encoding": "gzip" }, encode: gzipSync };
const unknownKey = "encode:nobody:nothing";

const cases: readonly ContractCase[] = [
  { name: "just below the limit", raw: bodyOf(limit - 1), expect: counts(1) },
  { name: "exactly at the limit", raw: bodyOf(limit), expect: counts(1) },
  { name: "one byte over the limit", raw: bodyOf(limit + 1), expect: tooLarge },
  { name: "far over the limit", raw: bodyOf(4_000_000), expect: tooLarge },
  { name: "at the limit, in chunks", headers: chunked, raw: bodyOf(limit), expect: counts(1) },
  {
    name: "one byte over the limit, in chunks",
    headers: chunked,
    raw: bodyOf(limit + 1),
    expect: tooLarge,
  },
  {
    name: "far over the limit, in chunks",
    headers: chunked,
    raw: bodyOf(4_000_000),
    expect: tooLarge,
  },
  { name: "at the limit after decompression", raw: bodyOf(limit), ...gzipped, expect: counts(1) },
  {
    name: "one byte over the limit after decompression",
    raw: bodyOf(limit + 1),
    ...gzipped,
    expect: tooLarge,
  },
  { name: "a gzip bomb", raw: bodyOf(2_000_000), ...gzipped, expect: tooLarge },
  {
    name: "a gzip bomb of two layers, with one of them in the header",
    raw: bodyOf(2_000_000),
    headers: gzipped.headers,
    encode: (bytes) => gzipSync(gzipSync(bytes)),
    expect: badParam(""),
  },
  {
    name: "a gzip bomb of many members",
    raw: bodyOf(limit),
    headers: gzipped.headers,
    encode: (bytes) => Buffer.concat(Array.from({ length: 30 }, () => gzipSync(bytes))),
    expect: tooLarge,
  },
  {
    name: "an invalid key and too large",
    key: unknownKey,
    raw: bodyOf(5_000),
    expect: rejected(401, "49103"),
  },
  {
    name: "no key and too large",
    key: "none",
    raw: bodyOf(5_000),
    expect: { http: 400, error: { code: "40001", field: "" } },
  },
  {
    name: "a wrong method and too large",
    method: "PUT",
    raw: bodyOf(5_000),
    expect: rejected(405),
  },
  {
    name: "an unknown path and too large",
    path: "/v1/no",
    raw: bodyOf(5_000),
    expect: rejected(404),
  },
  {
    name: "too large and of a wrong type",
    headers: { "content-type": "text/plain" },
    raw: bodyOf(5_000),
    expect: tooLarge,
  },
  {
    name: "too large and of an unknown encoding",
    headers: { "content-encoding": "br" },
    raw: bodyOf(5_000),
    expect: tooLarge,
  },
  { name: "too large and not JSON", raw: "{".repeat(5_000), expect: tooLarge },
  { name: "too large and without contacts", raw: bodyOf(5_000, "[]"), expect: tooLarge },
];

describe.each([
  { version: "HTTP/1.1", send: sendHttp1 },
  { version: "HTTP/2", send: sendHttp2 },
])("a body over $version", ({ send }) => {
  for (const testCase of cases) {
    test(testCase.name, async () => {
      await runOverRest(testCase, { ...served, send });
    });
  }
});

describe("a connection after a body that was too large", () => {
  const sized = (body: string) => `Content-Length: ${body.length}\r\n\r\n${body}`;
  const inChunks = (body: string) =>
    `Transfer-Encoding: chunked\r\n\r\n${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`;

  test.each([
    { name: "with its length", framed: sized },
    { name: "in chunks", framed: inChunks },
  ])("$name serves the next request", async ({ framed }) => {
    const { header } = await served.service.createApp();
    const head = `POST ${syncPath} HTTP/1.1\r\nHost: a\r\nServer-Key: ${header}\r\nContent-Type: application/json\r\n`;
    const bytes = [bodyOf(300_000), bodyOf(limit)].map((body) => head + framed(body)).join("");
    const { answers } = await exchangeHttp1(served.service.port, bytes, { answers: 2 });
    expect(answers.map(({ status }) => status)).toEqual([413, 200]);
  });
});
