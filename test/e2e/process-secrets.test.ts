import { randomBytes } from "node:crypto";
import { createServer } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { serverKeyHeader } from "../../src/access/server-key.ts";
import type { TestDatabase } from "../support/database.ts";
import { createTestDatabase } from "../support/database.ts";
import { entry, expectToServe, syncOverRest } from "./support/calls.ts";
import { startProcess } from "./support/process.ts";

const password = `pw${randomBytes(9).toString("hex")}`;
const key = { id: "boot", secret: `secret${randomBytes(9).toString("hex")}` };
const header = serverKeyHeader(key);
const bootstrap = { BOOTSTRAP_SERVER_KEY: `${key.id}:${key.secret}`, LOG_LEVEL: "trace" };

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

/** The secret parts, in every form in which the service is given them. */
function expectNoSecrets(output: string): void {
  for (const secret of [password, key.secret, header]) expect(output).not.toContain(secret);
}

test("a running process prints no secret", async () => {
  const url = new URL(database.url);
  url.searchParams.set("password", password);
  await using service = startProcess({ ...bootstrap, DATABASE_URL: url.href });
  const target = { url: await service.url(), header };
  await expectToServe(target);
  const wrong = serverKeyHeader({ id: key.id, secret: `${key.secret}x` });
  expect((await syncOverRest({ ...target, header: wrong }, [entry("a", "b")])).status).toBe(401);
  expect((await syncOverRest(target, [entry("", "b")])).status).toBe(400);
  await service.untilOutput(/SERVER_KEY_INVALID/);
  service.signal("SIGTERM");
  expect(await service.exit()).toBe(0);
  expectNoSecrets(service.output());
});

test.each([
  { name: "that nobody answers", url: `postgres://kith:${password}@127.0.0.1:PORT/x` },
  { name: "of an unknown host", url: `postgres://kith:${password}@nowhere.invalid/x` },
  { name: "with an impossible port", url: `postgres://kith:${password}@127.0.0.1:99999/x` },
  { name: "with a port of letters", url: `postgres://kith:${password}@127.0.0.1:port/x` },
  { name: "with a broken escape", url: `postgres://kith:%zz${password}@127.0.0.1:PORT/x` },
  { name: "of another database", url: `mysql://kith:${password}@127.0.0.1/x` },
  { name: "without a host", url: `postgres://kith:${password}@/x` },
  { name: "with a space", url: `postgres://kith:${password} @127.0.0.1:PORT/x` },
])("a DATABASE_URL $name is complained of without its password", async ({ url }) => {
  const port = String(await unusedPort());
  await using service = startProcess({ ...bootstrap, DATABASE_URL: url.replace("PORT", port) });
  await service.untilOutput(/waiting for the database|cannot start|DATABASE_URL must be/);
  service.signal("SIGKILL");
  await service.exit();
  expectNoSecrets(service.output());
});

/** A port on which nothing listens. */
async function unusedPort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === "object" ? (address?.port ?? 1) : 1;
}
