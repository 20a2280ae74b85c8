import { randomBytes } from "node:crypto";
import { createServer } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { serverKeyHeader } from "../../src/access/server-key.ts";
import type { TestDatabase } from "../support/database.ts";
import { createTestDatabase, withAdmin } from "../support/database.ts";
import { entry, expectToServe, openGrpc, syncOverGrpc, syncOverRest } from "./support/calls.ts";
import { eventually } from "./support/eventually.ts";
import { startProcess } from "./support/process.ts";
import { holdPair } from "./support/row-lock.ts";

const key = { id: "boot", secret: randomBytes(24).toString("base64url") };
const header = serverKeyHeader(key);
const pair = ["locked", "b"] as const;

let database: TestDatabase;
let env: Record<string, string>;
let demoId: number;

beforeAll(async () => {
  database = await createTestDatabase();
  env = { DATABASE_URL: database.url, BOOTSTRAP_SERVER_KEY: `${key.id}:${key.secret}` };
  await using starting = startProcess(env);
  await starting.url();
  demoId = await withAdmin(database.url, async (client) => {
    const { rows } = await client.query("SELECT id FROM app WHERE name = 'demo'");
    return rows[0].id;
  });
});
afterAll(() => database.drop());

test.each(["SIGINT", "SIGHUP"] as const)("ends with 0 on %s", async (signal) => {
  await using service = startProcess(env);
  await service.url();
  service.signal(signal);
  expect(await service.exit()).toBe(0);
});

test.each(["SIGHUP", "SIGQUIT", "SIGKILL"] as const)(
  "stops if %s ends the npm that started it",
  async (signal) => {
    await using service = startProcess(env, ["npm", "start"]);
    const url = await service.url();
    await expectToServe({ url, header });
    service.signal(signal);
    // The process has ended when nothing can write to its output any more.
    await service.exit();
    expect(service.logs().at(-1)).toMatchObject({ msg: "stopped" });
  },
);

test("a second signal does not shorten the shutdown", async () => {
  await using held = await holdPair(database.url, demoId, ["locked", "twice"]);
  await using service = startProcess(env);
  const url = await service.url();
  const answer = syncOverRest({ url, header }, [entry("locked", "twice")]);
  await held.untilWaiting(1);
  service.signal("SIGINT");
  await service.untilOutput(/"stopping"/);
  service.signal("SIGINT");
  service.signal("SIGTERM");
  await held.release();
  expect((await answer).status).toBe(200);
  expect(await service.exit()).toBe(0);
});

test("on SIGTERM finishes the calls in flight, and accepts no more", async () => {
  await using held = await holdPair(database.url, demoId, pair);
  await using service = startProcess(env);
  const url = await service.url();
  const client = openGrpc(url);
  const overGrpc = syncOverGrpc(client, header, [pair]).answer;
  const overRest = syncOverRest({ url, header }, [entry(...pair)]);
  await held.untilWaiting(1);

  service.signal("SIGTERM");
  await service.untilOutput(/"stopping"/);
  // The service accepts connections until none waits to be accepted.
  await eventually("no more connections", () =>
    fetch(url).then(
      () => false,
      () => true,
    ),
  );
  await held.release();
  const [{ countInserted }, { status, body }] = await Promise.all([overGrpc, overRest]);
  expect(status).toBe(200);
  expect(Number(countInserted) + (body.data.countInserted ?? 0)).toBe(1);
  client.close();
  expect(await service.exit()).toBe(0);
});

test("ends with 1 if it cut off a request, and logs which", async () => {
  await using held = await holdPair(database.url, demoId, ["locked", "c"]);
  await using service = startProcess({
    ...env,
    SHUTDOWN_TIMEOUT_MS: "300",
  });
  const url = await service.url();
  const headers = { "X-Request-Id": "to-be-cut-off" };
  const answer = syncOverRest({ url, header }, [entry("locked", "c")], { headers });
  const refused = expect(answer).rejects.toThrow();
  await held.untilWaiting(1);
  service.signal("SIGTERM");
  await refused;
  expect(await service.exit()).toBe(1);
  const cutOff = service.logs().filter(({ msg }) => msg === "cut off");
  expect(cutOff).toEqual([
    expect.objectContaining({
      requestId: "to-be-cut-off",
      method: "contact.v1.ContactService/SyncContacts",
    }),
  ]);
});

describe("an invalid configuration", () => {
  const wrong = {
    PORT: "70000",
    DATABASE_URL: "mysql://root:hunter2@localhost/x",
    DATABASE_POOL_SIZE: "0",
    BOOTSTRAP_SERVER_KEY: "swordfish",
    MAX_CONTACTS_PER_REQUEST: "10001",
    MAX_BODY_BYTES: "1",
    REQUEST_TIMEOUT_MS: "soon",
    SHUTDOWN_TIMEOUT_MS: "-1",
    LOG_LEVEL: "loud",
  };

  test("ends the process with 1 and names every variable", async () => {
    await using service = startProcess(wrong);
    expect(await service.exit()).toBe(1);
    for (const name of Object.keys(wrong)) expect(service.output()).toContain(name);
    expect(service.output()).not.toMatch(/hunter2|swordfish|\bat .*:\d+:\d+/);
  });

  test("without a database is invalid in production", async () => {
    await using service = startProcess({ NODE_ENV: "production" });
    expect(await service.exit()).toBe(1);
    expect(service.output()).toContain("DATABASE_URL");
  });
});

test.each([
  { where: "on the port of the service", settings: {} },
  { where: "on a port of its own", settings: { METRICS_PORT: "0" } },
])("starts with a status page $where, serves, and ends with 0 on SIGTERM", async (each) => {
  const { where, settings } = each;
  await using service = startProcess({ ...env, ...settings });
  const url = await service.url();
  await expectToServe({ url, header });
  const [page = ""] = /\S+$/.exec(await service.untilOutput(/Status +\S+\/status(?=\n)/)) ?? [];
  expect(page === `${url}/status`).toBe(where === "on the port of the service");
  expect((await fetch(page)).status).toBe(200);
  service.signal("SIGTERM");
  expect(await service.exit()).toBe(0);
  expect(service.logs().map(({ msg }) => msg)).toEqual(
    expect.arrayContaining(["listening", "stopping", "stopped"]),
  );
});

test.each(["PORT", "METRICS_PORT"])(
  "a %s in use ends the process with 1, and the message names it",
  async (name) => {
    const other = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => other.once("listening", resolve));
    const address = other.address();
    const port = typeof address === "object" ? String(address?.port) : "";
    await using service = startProcess({ ...env, [name]: port });
    expect(await service.exit()).toBe(1);
    expect(service.output()).toMatch(new RegExp(`EADDRINUSE.*${port}`));
    other.close();
  },
);

test("four processes start concurrently on one empty database", async () => {
  const empty = await createTestDatabase({ template: "template0" });
  await using stack = new AsyncDisposableStack();
  stack.defer(() => empty.drop());
  const services = Array.from({ length: 4 }, () =>
    stack.use(startProcess({ ...env, DATABASE_URL: empty.url, DATABASE_POOL_SIZE: "2" })),
  );
  const urls = await Promise.all(services.map((service) => service.url()));
  for (const url of urls) await expectToServe({ url, header });
  const migrated = services.flatMap((service) => service.logs()).filter((line) => line.migrations);
  expect(migrated).toHaveLength(1);
});
