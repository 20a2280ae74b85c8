import { describe, expect, test } from "vitest";
import { exchangeHttp1, openRaw, parseHttp1 } from "../support/raw.ts";
import type { TestApp } from "../support/service.ts";
import { base64, oneContact, syncPath } from "./case.ts";
import { serveContract } from "./for-file.ts";

const served = serveContract();

interface Parts {
  readonly method?: string;
  readonly target?: string;
  readonly version?: string;
  readonly host?: string | undefined;
  /** Complete header lines with the key. */
  readonly keyLines?: readonly string[];
  readonly more?: readonly string[];
  readonly body?: string;
}

/** The bytes of a request that is valid except for the given parts. */
function request(app: TestApp, parts: Parts = {}): string {
  const { method = "POST", target = syncPath, version = "1.1", host = "Host: a" } = parts;
  const { keyLines = [`Server-Key: ${app.header}`], more = [] } = parts;
  const body = parts.body ?? JSON.stringify(oneContact);
  const lines = [
    `${method} ${target} HTTP/${version}`,
    host,
    ...keyLines,
    ...more,
    "Content-Type: application/json",
    `Content-Length: ${Buffer.byteLength(body)}`,
  ];
  return `${lines.filter((line) => line !== "").join("\r\n")}\r\n\r\n${body}`;
}

interface Envelope {
  readonly status: number;
  readonly error: { readonly code: string };
  readonly data: { readonly countInserted?: number; readonly countDeleted?: number };
}

async function ask(bytes: string, answers = 1): Promise<Envelope[]> {
  const received = await exchangeHttp1(served.service.port, Buffer.from(bytes, "latin1"), {
    answers,
  });
  return received.answers.map(({ status, body }) => {
    const envelope: Envelope = JSON.parse(body);
    expect(envelope.status).toBe(status);
    return envelope;
  });
}

describe("the header Server-Key", () => {
  test.each<{ name: string; lines: (header: string) => string[]; status: number; code: string }>([
    { name: "in lower case", lines: (k) => [`server-key: ${k}`], status: 200, code: "" },
    { name: "in upper case", lines: (k) => [`SERVER-KEY: ${k}`], status: 200, code: "" },
    { name: "without a space", lines: (k) => [`Server-Key:${k}`], status: 200, code: "" },
    { name: "between spaces", lines: (k) => [`Server-Key:   ${k}   `], status: 200, code: "" },
    { name: "between tabs", lines: (k) => [`Server-Key:\t${k}\t`], status: 200, code: "" },
    { name: "of spaces only", lines: () => ["Server-Key:   "], status: 400, code: "40001" },
    { name: "without a value", lines: () => ["Server-Key:"], status: 400, code: "40001" },
    {
      name: "sent twice, both valid",
      lines: (k) => [`Server-Key: ${k}`, `Server-Key: ${k}`],
      status: 401,
      code: "49102",
    },
    {
      name: "sent twice, the second invalid",
      lines: (k) => [`Server-Key: ${k}`, `server-key: ${base64("a:b")}`],
      status: 401,
      code: "49102",
    },
    { name: "beyond ASCII", lines: (k) => [`Server-Key: ${k}\u00e9`], status: 401, code: "49102" },
    {
      name: "spelled with an underscore",
      lines: (k) => [`Server_Key: ${k}`],
      status: 400,
      code: "40001",
    },
  ])("$name: $status $code", async ({ lines, status, code }) => {
    const app = await served.service.createApp();
    const [answer] = await ask(request(app, { keyLines: lines(app.header) }));
    expect(answer).toMatchObject({ status, error: { code } });
  });
});

describe("a request", () => {
  test.each<{ name: string; parts: Parts; status: number }>([
    { name: "of HTTP/1.0", parts: { version: "1.0" }, status: 200 },
    { name: "of HTTP/1.0 without Host", parts: { version: "1.0", host: "" }, status: 200 },
    { name: "for an absolute target", parts: { target: `http://a${syncPath}` }, status: 200 },
    { name: "for an unknown absolute target", parts: { target: "http://a/b" }, status: 404 },
    { name: "for *", parts: { method: "OPTIONS", target: "*" }, status: 404 },
    { name: "that waits for 100 Continue", parts: { more: ["Expect: 100-continue"] }, status: 200 },
    {
      name: "that sends its own request id",
      parts: { more: ["X-Request-Id: a b\u00e9"] },
      status: 200,
    },
  ])("$name: $status", async ({ parts, status }) => {
    const app = await served.service.createApp();
    const waits = parts.more?.includes("Expect: 100-continue") ?? false;
    const bytes = Buffer.from(request(app, parts), "latin1");
    const { answers } = await exchangeHttp1(served.service.port, bytes, { answers: waits ? 2 : 1 });
    const last = answers.at(-1);
    expect(last?.status).toBe(status);
    expect(JSON.parse(last?.body ?? "")).toMatchObject({ status });
  });

  test("in chunks of one byte is read completely", async () => {
    const app = await served.service.createApp();
    const chunks = [...JSON.stringify(oneContact)].map((char) => `1\r\n${char}\r\n`).join("");
    const head = request(app, { body: "" }).replace(
      "Content-Length: 0",
      "Transfer-Encoding: chunked",
    );
    const [answer] = await ask(`${head}${chunks}0\r\n\r\n`);
    expect(answer).toMatchObject({ status: 200, data: { countInserted: 1 } });
  });
});

describe("one connection", () => {
  const insert = JSON.stringify(oneContact);
  const remove = insert.replace('"2"', '"2","isDeleted":true');

  test("serves one request after another, including after a rejected one", async () => {
    const app = await served.service.createApp();
    using connection = await openRaw(served.service.port);
    const steps: readonly [Parts, number][] = [
      [{ body: insert }, 200],
      [{ body: "{" }, 400],
      [{ keyLines: [] }, 400],
      [{ keyLines: ["Server-Key: !"] }, 401],
      [{ target: "/v1/no" }, 404],
      [{ method: "PUT" }, 405],
      [{ more: ["Content-Encoding: br"] }, 415],
      [{ body: remove }, 200],
    ];
    for (const [index, [parts, status]] of steps.entries()) {
      connection.send(request(app, parts));
      const { bytes } = await connection.until((so) => parseHttp1(so, false).length > index);
      expect(parseHttp1(bytes, false)[index]?.status).toBe(status);
    }
  });

  test("answers pipelined requests in their order, even if they take different times", async () => {
    const app = await served.service.createApp();
    const many = Array.from({ length: 2_000 }, (_, i) => ({
      ownerXCUserID: "1",
      contactXCUserID: `p${i}`,
    }));
    const answers = await ask(
      request(app, { body: JSON.stringify({ contacts: many }) }) +
        request(app, { target: "/v1/no" }) +
        request(app, { keyLines: [] }) +
        request(app, { body: "[]" }),
      4,
    );
    expect(answers.map(({ status, error }) => [status, error.code])).toEqual([
      [200, ""],
      [404, "40400"],
      [400, "40001"],
      [400, "40002"],
    ]);
  });

  test("runs pipelined requests one after another, because POST is not a safe method", async () => {
    const app = await served.service.createApp();
    const rounds = 20;
    const pair = request(app, { body: insert }) + request(app, { body: remove });
    const answers = await ask(pair.repeat(rounds), 2 * rounds);
    const counted = answers.map(({ data }) => [data.countInserted, data.countDeleted]);
    expect(counted).toEqual(
      Array.from({ length: 2 * rounds }, (_, i) => (i % 2 === 0 ? [1, 0] : [0, 1])),
    );
  });
});
