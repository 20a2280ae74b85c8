import { brotliCompressSync, gzipSync } from "node:zlib";
import { afterEach, describe, expect, test } from "vitest";
import { expectToServe, restPath, rpcPath } from "./support/calls.ts";
import { serveForFile } from "./support/served.ts";

const maxBodyBytes = 1_048_576;
const served = serveForFile({ MAX_BODY_BYTES: String(maxBodyBytes) });
afterEach(() => expectToServe(served));

interface Sent {
  readonly body: string | Uint8Array<ArrayBuffer>;
  readonly headers?: Record<string, string>;
}

async function post(path: string, { body, headers = {} }: Sent) {
  const response = await fetch(served.url + path, {
    method: "POST",
    headers: { "Server-Key": served.header, "Content-Type": "application/json", ...headers },
    body,
  });
  return { status: response.status, text: await response.text() };
}

const pair = '"ownerXCUserID":"a","contactXCUserID":"b"';
const good = `{"contacts":[{${pair}}]}`;
const deep = (open: string, close: string) => open.repeat(40_000) + close.repeat(40_000);
const bytes = (...parts: (string | number[])[]) =>
  new Uint8Array(Buffer.concat(parts.map((part) => Buffer.from(part as string))));

const bodies: { name: string; body: Sent["body"]; rest: number; connect: number }[] = [
  { name: "no bytes", body: "", rest: 400, connect: 400 },
  { name: "a blank", body: " ", rest: 400, connect: 400 },
  { name: "half an object", body: good.slice(0, -3), rest: 400, connect: 400 },
  { name: "two objects", body: good + good, rest: 400, connect: 400 },
  { name: "a trailing comma", body: `{"contacts":[{${pair}},]}`, rest: 400, connect: 400 },
  { name: "single quotes", body: good.replaceAll('"', "'"), rest: 400, connect: 400 },
  { name: "a comment", body: `${good} // done`, rest: 400, connect: 400 },
  { name: "NaN", body: '{"contacts":NaN}', rest: 400, connect: 400 },
  { name: "a NUL byte", body: `${good}\0`, rest: 400, connect: 400 },
  { name: "null", body: "null", rest: 400, connect: 400 },
  { name: "a list", body: `[${good}]`, rest: 400, connect: 400 },
  { name: "a string", body: '"contacts"', rest: 400, connect: 400 },
  { name: "a number beyond all numbers", body: '{"contacts":1e999}', rest: 400, connect: 400 },
  { name: "brackets, very deep", body: deep("[", "]"), rest: 400, connect: 400 },
  { name: "brackets that stay open", body: "[".repeat(100_000), rest: 400, connect: 400 },
  {
    name: "objects, very deep",
    body: deep('{"a":', "}").replace(":}", ":1}"),
    rest: 400,
    connect: 400,
  },
  { name: "deep contacts", body: `{"contacts":${deep("[", "]")}}`, rest: 400, connect: 400 },
  { name: "a deep entry", body: `{"contacts":[${deep("[", "]")}]}`, rest: 400, connect: 400 },
  {
    name: "a deep id",
    body: `{"contacts":[{"ownerXCUserID":${deep("[", "]")}}]}`,
    rest: 400,
    connect: 400,
  },
  {
    name: "a deep unknown field",
    body: `{"x":${deep("[", "]")},"contacts":[{${pair}}]}`,
    rest: 200,
    connect: 200,
  },
  {
    name: "a deep unknown field of an entry",
    body: `{"contacts":[{"x":${deep("[", "]")},${pair}}]}`,
    rest: 200,
    connect: 200,
  },
  {
    name: "a prototype for contacts",
    body: '{"__proto__":{"contacts":[{"ownerXCUserID":"a"}]}}',
    rest: 400,
    connect: 400,
  },
  {
    name: "a prototype for an entry",
    body: `{"contacts":[{"__proto__":{${pair}}}]}`,
    rest: 400,
    connect: 400,
  },
  {
    name: "a prototype beside all",
    body: `{"__proto__":{"x":1},"constructor":{"prototype":{"x":1}},"contacts":[{${pair},"__proto__":{"x":1}}]}`,
    rest: 200,
    connect: 200,
  },
  {
    name: "names of Object",
    body: `{"toString":1,"valueOf":2,"hasOwnProperty":3,"contacts":[{${pair}}]}`,
    rest: 200,
    connect: 200,
  },
  {
    name: "a length in place of a list",
    body: '{"contacts":{"length":1,"0":{}}}',
    rest: 400,
    connect: 400,
  },
  {
    name: "bytes that are not UTF-8",
    body: bytes('{"contacts":[{"ownerXCUserID":"', [0xff], '","contactXCUserID":"b"}]}'),
    rest: 400,
    connect: 400,
  },
  { name: "UTF-16", body: new Uint8Array(Buffer.from(good, "utf16le")), rest: 400, connect: 400 },
  { name: "a lone surrogate", body: good.replace('"a"', '"\\ud800"'), rest: 400, connect: 400 },
  { name: "a NUL in an id", body: good.replace('"a"', '"\\u0000"'), rest: 400, connect: 400 },
  {
    name: "an id of half the limit",
    body: good.replace('"a"', `"${"x".repeat(500_000)}"`),
    rest: 400,
    connect: 400,
  },
  {
    name: "a body over the limit",
    body: good.replace('"a"', `"${"x".repeat(maxBodyBytes)}"`),
    rest: 413,
    connect: 429,
  },
];

describe.each([
  { way: "REST", path: restPath, key: "rest" as const },
  { way: "Connect", path: rpcPath, key: "connect" as const },
])("a body over $way", ({ path, key }) => {
  test.each(bodies)("$name", async ({ body, [key]: expected }) => {
    const { status, text } = await post(path, { body });
    expect(status).toBe(expected);
    expect(() => JSON.parse(text)).not.toThrow();
  });

  test("no key of a body reaches the prototype of objects", () => {
    expect(({} as { x?: unknown }).x).toBeUndefined();
  });
});

describe.each([
  { way: "REST", path: restPath, unsupportedStatus: 415 },
  // In the Connect protocol, `unimplemented` is 501.
  { way: "Connect", path: rpcPath, unsupportedStatus: 501 },
])("the coding of a body over $way", ({ path, unsupportedStatus }) => {
  const zip = (text: string | Buffer) => new Uint8Array(gzipSync(text));
  const rejectedStatuses = [400, 413, 429, unsupportedStatus];
  test.each([
    { name: "gzip", coding: "gzip", body: zip(good), statuses: [200] },
    { name: "identity", coding: "identity", body: good, statuses: [200] },
    { name: "gzip that is none", coding: "gzip", body: good, statuses: [400] },
    { name: "gzip cut short", coding: "gzip", body: zip(good).slice(0, -6), statuses: [400] },
    { name: "gzip of nothing", coding: "gzip", body: "", statuses: [400] },
    { name: "gzip of broken JSON", coding: "gzip", body: zip("{"), statuses: [400] },
    {
      name: "a gzip bomb",
      coding: "gzip",
      body: zip(Buffer.alloc(50_000_000)),
      statuses: [413, 429],
    },
    { name: "gzip twice", coding: "gzip, gzip", body: zip(good), statuses: [unsupportedStatus] },
    {
      name: "brotli",
      coding: "br",
      body: new Uint8Array(brotliCompressSync(good)),
      statuses: [unsupportedStatus],
    },
    { name: "unknown", coding: "pie", body: good, statuses: [unsupportedStatus] },
    { name: "over-long", coding: "p".repeat(9_000), body: good, statuses: [unsupportedStatus] },
  ])("$name", async ({ coding, body, statuses }) => {
    const { status } = await post(path, { body, headers: { "Content-Encoding": coding } });
    expect(statuses).toContain(status);
    if (status !== 200) expect(rejectedStatuses).toContain(status);
  });
});

describe("the type of a body", () => {
  const types = [
    "",
    "text/plain",
    "application/xml",
    "application/json; charset=latin1",
    "x".repeat(9_000),
  ];
  const ways = [restPath, rpcPath].flatMap((path) => types.map((type) => ({ path, type })));
  test.each(ways)("$path rejects $type.length characters of it", async ({ path, type }) => {
    const { status } = await post(path, { body: good, headers: { "Content-Type": type } });
    expect(status).toBe(415);
  });
});

describe("connect-timeout-ms", () => {
  test.each([
    { value: "abc", status: 400 },
    { value: "-1", status: 400 },
    { value: "1.5", status: 400 },
    { value: "1e3", status: 400 },
    { value: "12345678901", status: 400 },
    { value: "0", status: 504 },
    { value: "2147483648", status: 200 },
    { value: "9999999999", status: 200 },
  ])('"$value"', async ({ value, status }) => {
    const headers = { "Connect-Timeout-Ms": value, "Connect-Protocol-Version": "1" };
    const answer = await post(rpcPath, { body: good, headers });
    expect(answer.status).toBe(status);
  });
});
