import { afterEach, describe, expect, test } from "vitest";
import { exchangeHttp1 } from "../support/raw.ts";
import { expectToServe, restPath } from "./support/calls.ts";
import type { RequestParts } from "./support/http1-request.ts";
import { http1Request, rejectedStatuses, syncBody } from "./support/http1-request.ts";
import { serveForFile } from "./support/served.ts";

const served = serveForFile();
afterEach(() => expectToServe(served));

const request = (parts?: RequestParts) => http1Request(served, parts);
const long = "a".repeat(10_000);

describe("the framing of a body", () => {
  const chunked = ["Host: x", "Transfer-Encoding: chunked"];
  const whole = `${syncBody.length.toString(16)}\r\n${syncBody}\r\n0\r\n\r\n`;
  test.each([
    { name: "chunked", head: chunked, body: whole, statuses: [200] },
    { name: "an invalid chunk size", head: chunked, body: "zz\r\nab\r\n", statuses: [400] },
    { name: "an endless chunk size", head: chunked, body: "f".repeat(40), statuses: [400] },
    { name: "a negative chunk size", head: chunked, body: "-1\r\nab\r\n", statuses: [400] },
    { name: "a chunk longer than its size", head: chunked, body: "1\r\nabc\r\n", statuses: [400] },
    {
      name: "an endless chunk extension",
      head: chunked,
      body: `1;${long.repeat(4)}`,
      statuses: [400, 413],
    },
    {
      name: "chunked and sized",
      head: [...chunked, "Content-Length: 4"],
      body: whole,
      statuses: [400],
    },
    {
      name: "chunked, but not as the last coding",
      head: ["Host: x", "Transfer-Encoding: chunked, gzip"],
      body: whole,
      statuses: [400],
    },
    {
      name: "an unknown coding",
      head: ["Host: x", "Transfer-Encoding: pie"],
      body: whole,
      statuses: [501],
    },
    {
      name: "two sizes",
      head: ["Host: x", "Content-Length: 4", "Content-Length: 5"],
      body: syncBody,
      statuses: [400],
    },
    {
      name: "a negative size",
      head: ["Host: x", "Content-Length: -1"],
      body: syncBody,
      statuses: [400],
    },
    {
      name: "a size that is not a number",
      head: ["Host: x", "Content-Length: 1e3"],
      body: syncBody,
      statuses: [400],
    },
    {
      name: "a size that is too large for a number",
      head: ["Host: x", `Content-Length: ${"9".repeat(30)}`],
      body: syncBody,
      statuses: [400],
    },
    {
      name: "a size over the limit",
      head: ["Host: x", "Content-Length: 8388609"],
      body: syncBody,
      statuses: [413],
    },
    { name: "no body", head: ["Host: x"], body: "", statuses: [400] },
  ])("$name", async ({ head, body: text, statuses }) => {
    const bytes = request({ head, body: text, unsized: true });
    const { answers } = await exchangeHttp1(served.port, bytes);
    expect(statuses).toContain(answers[0]?.status);
  });

  test("a rejected head does not wait for a large body", async () => {
    const head = `POST ${restPath} HTTP/1.1\r\nHost: x\r\nContent-Length: 8000000\r\n\r\n`;
    const { answers } = await exchangeHttp1(served.port, head);
    expect(answers[0]?.status).toBe(400);
    expect(JSON.parse(answers[0]?.body ?? "")).toMatchObject({ error: { code: "40001" } });
  });
});

describe("pipelining", () => {
  test("valid requests are answered in order", async () => {
    const owners = ["p1", "p2", "p3"];
    const bytes = owners.map((owner) => request({ body: syncBody.replace('"a"', `"${owner}"`) }));
    const { answers } = await exchangeHttp1(served.port, bytes.join(""), { answers: 3 });
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
  });

  test("a valid request, then an invalid one", async () => {
    const bytes = `${request()}${request({ body: "{" })}`;
    const { answers } = await exchangeHttp1(served.port, bytes, { answers: 2 });
    expect(answers.map(({ status }) => status)).toEqual([200, 400]);
  });

  test("a valid request, then garbage", async () => {
    const bytes = `${request()}\u0001\u0002 garbage\r\n\r\n`;
    const { answers, closed } = await exchangeHttp1(served.port, bytes, { answers: 3 });
    expect(closed).toBe(true);
    // The first answer belongs to the valid request, which may be complete.
    expect([200, undefined]).toContain(answers[0]?.status);
    for (const { status } of answers.slice(1)) expect(rejectedStatuses).toContain(status);
  });
});
