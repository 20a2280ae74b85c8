import { expect, test } from "vitest";
import { openRaw, parseHttp1 } from "../support/raw.ts";
import { startServiceForTest } from "../support/service.ts";

const livez = "GET /livez HTTP/1.1\r\nHost: x\r\n\r\n";

async function firstResponse(env: Record<string, string>) {
  const { port } = await startServiceForTest(env);
  const connection = await openRaw(port);
  connection.send(livez);
  const { bytes } = await connection.until((received) => parseHttp1(received, false).length === 1);
  return { connection, text: String(bytes) };
}

test("a connection of HTTP/1.1 stays open for 75 s by default", async () => {
  const { connection, text } = await firstResponse({});
  using _ = connection;
  expect(text).toMatch(/^keep-alive: timeout=75\r$/im);
});

test("KEEP_ALIVE_TIMEOUT_MS sets how long a connection of HTTP/1.1 stays open", async () => {
  const { connection, text } = await firstResponse({ KEEP_ALIVE_TIMEOUT_MS: "1000" });
  using _ = connection;
  expect(text).toMatch(/^keep-alive: timeout=1\r$/im);
  expect((await connection.until(() => false)).closed).toBe(true);
});
