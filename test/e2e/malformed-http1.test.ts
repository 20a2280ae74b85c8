import { afterEach, describe, expect, test } from "vitest";
import { exchangeHttp1 } from "../support/raw.ts";
import { expectToServe, restPath, rpcPath } from "./support/calls.ts";
import type { RequestParts } from "./support/http1-request.ts";
import { http1Request, rejectedStatuses, syncBody } from "./support/http1-request.ts";
import { serveForFile } from "./support/served.ts";

const served = serveForFile();
afterEach(() => expectToServe(served));

const request = (parts?: RequestParts) => http1Request(served, parts);
const long = "a".repeat(10_000);

describe.each([
  { protocol: "REST", path: restPath, statuses: [200, 400] },
  { protocol: "Connect", path: rpcPath, statuses: [200, 400] },
  { protocol: "an unknown path", path: "/nowhere", statuses: [404, 400] },
])("the authority of a request for $protocol", ({ path, statuses }) => {
  test.each([
    { name: "absent in HTTP/1.0", version: "1.0", head: [] },
    { name: "absent in HTTP/1.1", version: "1.1", head: [] },
    { name: "empty", version: "1.1", head: ["Host:"] },
    { name: "two words", version: "1.1", head: ["Host: a b"] },
    { name: "an open bracket", version: "1.1", head: ["Host: [::1"] },
    { name: "a port out of range", version: "1.1", head: ["Host: a:99999"] },
    { name: "a port of letters", version: "1.1", head: ["Host: a:b"] },
    { name: "with a user", version: "1.1", head: ["Host: u:p@h"] },
    { name: "with a path", version: "1.1", head: ["Host: a/b?c#d"] },
    { name: "a lone percent sign", version: "1.1", head: ["Host: %"] },
    { name: "not ASCII", version: "1.1", head: ["Host: \u00e9\u00ff"] },
    { name: "very long", version: "1.1", head: [`Host: ${long}`] },
    { name: "given twice", version: "1.1", head: ["Host: a", "Host: b"] },
  ])("$name", async ({ version, head }) => {
    const bytes = request({ line: `POST ${path} HTTP/${version}`, head });
    const { answers } = await exchangeHttp1(served.port, Buffer.from(bytes, "latin1"));
    expect(answers).toHaveLength(1);
    expect(statuses).toContain(answers[0]?.status);
  });
});

describe("a request line", () => {
  test.each([
    { line: "POST", statuses: rejectedStatuses },
    { line: `post ${restPath} HTTP/1.1`, statuses: rejectedStatuses },
    { line: `FROB ${restPath} HTTP/1.1`, statuses: rejectedStatuses },
    { line: `POST ${restPath}`, statuses: rejectedStatuses },
    { line: `POST ${restPath} HTTP/9.9`, statuses: rejectedStatuses },
    { line: `POST ${restPath} HTTP/2.0`, statuses: rejectedStatuses },
    { line: `POST ${restPath} ICE/1.0`, statuses: rejectedStatuses },
    { line: `POST ${restPath} with spaces HTTP/1.1`, statuses: rejectedStatuses },
    { line: `POST /${long}${long} HTTP/1.1`, statuses: rejectedStatuses },
    { line: `POST /${long} HTTP/1.1`, statuses: [404] },
    { line: "PRI * HTTP/1.1", statuses: rejectedStatuses },
    { line: "POST * HTTP/1.1", statuses: [400, 404] },
    { line: "POST // HTTP/1.1", statuses: [404] },
    { line: "POST /%zz HTTP/1.1", statuses: [404] },
    { line: `POST http://[::1${restPath} HTTP/1.1`, statuses: [200, 400, 404] },
    { line: `POST http://a${restPath} HTTP/1.1`, statuses: [200, 404] },
    { line: `POST ${restPath}#fragment HTTP/1.1`, statuses: [200, 404] },
    { line: `POST ${restPath}?a=%zz HTTP/1.1`, statuses: [200] },
    { line: `POST ${rpcPath}?a=%zz HTTP/1.1`, statuses: [200] },
    { line: `PUT ${restPath} HTTP/1.1`, statuses: [405] },
    { line: `HEAD ${restPath} HTTP/1.1`, statuses: [405] },
    { line: `GET ${rpcPath} HTTP/1.1`, statuses: [405] },
    { line: "OPTIONS * HTTP/1.1", statuses: [404, 405] },
  ])("$line", async ({ line, statuses }) => {
    const bytes = request({ line, head: ["Host: x", "Connection: close"] });
    const { answers } = await exchangeHttp1(served.port, bytes);
    expect(statuses).toContain(answers[0]?.status);
  });

  test("CONNECT gets no tunnel", async () => {
    const bytes = "CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n";
    const { answers, closed } = await exchangeHttp1(served.port, bytes);
    expect(closed || (answers[0]?.status ?? 0) >= 400).toBe(true);
  });
});

describe("headers", () => {
  const flood = Array.from({ length: 3_000 }, (_, n) => `X-${n}: ${n}`);
  test.each([
    { name: "a flood", head: ["Host: x", ...flood], statuses: rejectedStatuses },
    { name: "many, all short", head: ["Host: x", ...flood.slice(0, 500)], statuses: [200] },
    { name: "one too long", head: ["Host: x", `X: ${long}${long}`], statuses: rejectedStatuses },
    { name: "a name too long", head: ["Host: x", `${long}${long}: x`], statuses: rejectedStatuses },
    { name: "no colon", head: ["Host: x", "nonsense"], statuses: rejectedStatuses },
    { name: "a space before the colon", head: ["Host : x"], statuses: rejectedStatuses },
    { name: "a NUL", head: ["Host: x", "X: a\0b"], statuses: rejectedStatuses },
    { name: "folded", head: ["Host: x", "X: a", " b"], statuses: [200, 400] },
    { name: "a name of the prototype", head: ["Host: x", "__proto__: x"], statuses: [200] },
    { name: "two keys", head: ["Host: x", "Server-Key: eA=="], statuses: [401] },
    {
      name: "a request id with a line end",
      head: ["Host: x", "X-Request-Id: a\tb"],
      statuses: [200],
    },
    { name: "a request id too long", head: ["Host: x", `X-Request-Id: ${long}`], statuses: [200] },
    { name: "upgrade to websocket", head: upgradeTo("websocket"), statuses: [200] },
    { name: "upgrade to h2c", head: upgradeTo("h2c"), statuses: [200] },
    { name: "an unknown expectation", head: ["Host: x", "Expect: pie"], statuses: [417] },
  ])("$name", async ({ head, statuses }) => {
    const { answers } = await exchangeHttp1(served.port, request({ head }));
    expect(statuses).toContain(answers[0]?.status);
  });

  function upgradeTo(protocol: string): string[] {
    return ["Host: x", "Connection: Upgrade, HTTP2-Settings", `Upgrade: ${protocol}`].concat(
      "HTTP2-Settings: AAMAAABkAAQAAP__",
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    );
  }

  test.each(["h2c", "websocket"])(
    "a request after an upgrade to %s is served",
    async (protocol) => {
      const bytes = `${request({ head: upgradeTo(protocol) })}${request()}`;
      const { answers } = await exchangeHttp1(served.port, bytes, { answers: 2 });
      expect(answers.map(({ status }) => status)).toEqual([200, 200]);
    },
  );

  test("CONNECT behind a request waits for its response", async () => {
    const bytes = `${request()}CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n`;
    const { answers, closed } = await exchangeHttp1(served.port, bytes, { answers: 3 });
    expect(answers.map(({ status }) => status)).toEqual([200, 405]);
    expect(closed).toBe(true);
  });

  test("100 Continue is not sent if the key or the size is rejected", async () => {
    const head = ["Host: x", "Expect: 100-continue"];
    const tooLarge = request({
      head: [...head, "Content-Length: 8388609"],
      unsized: true,
      body: "",
    });
    const { answers, closed } = await exchangeHttp1(served.port, tooLarge, { answers: 2 });
    expect({ statuses: answers.map(({ status }) => status), closed }).toEqual({
      statuses: [413],
      closed: true,
    });
  });

  test.each([
    { name: "no Host", bytes: `POST ${restPath} HTTP/1.1\r\n\r\n`, status: 400 },
    {
      name: "a URL over 16 kB",
      bytes: `GET /${long}${long} HTTP/1.1\r\nHost: x\r\n\r\n`,
      status: 414,
    },
    {
      name: "headers over 16 kB",
      bytes: `GET / HTTP/1.1\r\nHost: x\r\nX: ${long}${long}\r\n\r\n`,
      status: 431,
    },
    { name: "CONNECT", bytes: "CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n", status: 405 },
    { name: "an unknown method", bytes: "FROB / HTTP/1.1\r\nHost: x\r\n\r\n", status: 501 },
    {
      name: "an unknown transfer coding",
      bytes: "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
      status: 501,
    },
    { name: "HTTP/2.0 as text", bytes: "GET / HTTP/2.0\r\nHost: x\r\n\r\n", status: 505 },
    { name: "HTTP/9.9", bytes: "GET / HTTP/9.9\r\nHost: x\r\n\r\n", status: 505 },
    { name: "no version", bytes: "GET /\r\n\r\n", status: 505 },
    {
      name: "another expectation",
      bytes: "GET / HTTP/1.1\r\nHost: x\r\nExpect: pie\r\n\r\n",
      status: 417,
    },
  ])("$name is $status with the envelope and an id", async ({ bytes, status }) => {
    const { answers } = await exchangeHttp1(served.port, bytes);
    const [answer] = answers;
    expect(JSON.parse(answer?.body ?? "")).toMatchObject({ status, data: {} });
    expect(answer).toMatchObject({ status, headers: { "x-request-id": expect.any(String) } });
  });

  const methods = ["FROB", "PURGX", "GETS", "PR", "frob", "M_2"];
  const unsized = ["Host: x", "Transfer-Encoding: chunked"];
  const chunked = `${syncBody.length.toString(16)}\r\n${syncBody}\r\n0\r\n\r\n`;
  test.each([
    {
      where: "behind a request without a body",
      before: () => "GET /livez HTTP/1.1\r\nHost: x\r\n\r\n",
    },
    { where: "behind a body", before: () => request() },
    {
      where: "behind a body in chunks",
      before: () => request({ head: unsized, unsized: true, body: chunked }),
    },
  ])("an unknown method $where is 501", async ({ before }) => {
    for (const method of methods) {
      const bytes = `${before()}${method} / HTTP/1.1\r\nHost: x\r\n\r\n`;
      const { answers, closed } = await exchangeHttp1(served.port, bytes, { answers: 3 });
      const statuses = answers.map(({ status }) => status);
      expect({ method, statuses, closed }).toEqual({ method, statuses: [200, 501], closed: true });
    }
  });

  test.each([" / HTTP/1.1", "@ / HTTP/1.1", "GE@ / HTTP/1.1", "FROB /", "FROB / / HTTP/1.1"])(
    "%j behind a body is 400",
    async (line) => {
      const bytes = `${request()}${line}\r\nHost: x\r\n\r\n`;
      const { answers } = await exchangeHttp1(served.port, bytes, { answers: 3 });
      expect(answers.map(({ status }) => status)).toEqual([200, 400]);
    },
  );

  test("an unknown method of which a part has arrived is 501", async () => {
    const { answers } = await exchangeHttp1(served.port, `${request()}FROB`, { answers: 3 });
    expect(answers.map(({ status }) => status)).toEqual([200, 501]);
  });

  test("Expect: 100-continue gets 100 Continue", async () => {
    const bytes = request({ head: ["Host: x", "Expect: 100-continue"] });
    const { answers } = await exchangeHttp1(served.port, bytes, { answers: 2 });
    expect(answers.map(({ status }) => status)).toEqual([100, 200]);
  });
});

describe("first bytes", () => {
  const clientHello = Buffer.from(
    "16030100c8010000c40303000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f2000",
    "hex",
  );
  test.each([
    { name: "of TLS", bytes: clientHello },
    { name: "of an unknown protocol", bytes: Buffer.from([0, 255, 1, 254, 13, 10, 13, 10]) },
    { name: "of SSH", bytes: Buffer.from("SSH-2.0-OpenSSH_9.6\r\n") },
    { name: "of Postgres", bytes: Buffer.from([0, 0, 0, 8, 4, 210, 22, 47]) },
    { name: "of a later HTTP/2", bytes: Buffer.from("PRI * HTTP/3.0\r\n\r\nSM\r\n\r\n") },
    { name: "that are not UTF-8", bytes: Buffer.alloc(70_000, 0xff) },
  ])("$name close the connection", async ({ bytes }) => {
    const { answers, closed } = await exchangeHttp1(served.port, bytes, { answers: 2 });
    expect(closed).toBe(true);
    for (const { status } of answers) expect(rejectedStatuses).toContain(status);
  });
});
