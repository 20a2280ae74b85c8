import { randomBytes } from "node:crypto";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import pg from "pg";
import { beforeAll, expect, inject, onTestFinished, test } from "vitest";
import { serverKeyHeader } from "../../src/access/server-key.ts";
import { createTestDatabase, urlOf, withAdmin } from "../support/database.ts";
import { hostileDefaults } from "../support/hostile-defaults.ts";
import { startService } from "../support/service.ts";
import { expectToServe } from "./support/calls.ts";
import { startDatabaseProxy } from "./support/database-proxy.ts";
import { eventually } from "./support/eventually.ts";
import { startProcess } from "./support/process.ts";

const password = "hunter2";
const role = `kith_${randomBytes(6).toString("hex")}`;

/** A role with a password that may only connect. */
beforeAll(async () => {
  const server = inject("postgresUrl");
  await withAdmin(server, async (admin) => {
    await admin.query(`CREATE ROLE ${role} LOGIN PASSWORD '${password}'`);
    const { rows } = await admin.query(
      "SELECT current_setting('hba_file') AS file, pg_read_file(current_setting('hba_file')) AS text",
    );
    const [{ file, text }] = rows;
    const lines = [`local all ${role} scram-sha-256`, ...text.split("\n")];
    const values = lines.map((line) => `(${pg.escapeLiteral(line)})`).join();
    await admin.query(`COPY (VALUES ${values}) TO ${pg.escapeLiteral(file)}`);
    await admin.query("SELECT pg_reload_conf()");
  });
});

async function newDatabase(options: Parameters<typeof createTestDatabase>[0] = {}) {
  const { url, drop } = await createTestDatabase(options);
  onTestFinished(drop);
  return url;
}

const emptyDatabase = () => newDatabase({ template: "template0" });

/** The URL with other parameters. */
function withParameters(url: string, parameters: Record<string, string>): string {
  const changed = new URL(url);
  for (const [name, value] of Object.entries(parameters)) changed.searchParams.set(name, value);
  return changed.href;
}

const asRole = (url: string, given = password) =>
  withParameters(url, { user: role, password: given });

/** A server or pooler that rejects every connection. */
async function rejectingServer(code: string, message: string): Promise<string> {
  const text = Buffer.from(`SFATAL\0VFATAL\0C${code}\0M${message}\0\0`);
  const size = Buffer.alloc(4);
  size.writeInt32BE(text.length + 4);
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", () => socket.end(Buffer.concat([Buffer.from("E"), size, text])));
  }).listen(0, "127.0.0.1");
  onTestFinished(() => void server.close());
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return `postgres://kith:${password}@127.0.0.1:${port}/kith`;
}

interface Fatal {
  readonly name: string;
  /** The environment of a start that cannot succeed. */
  readonly env: () => Promise<Record<string, string>>;
  readonly message: RegExp;
}

const databaseUrl = async (url: Promise<string> | string) => ({ DATABASE_URL: await url });

const fatal: Fatal[] = [
  {
    name: "a wrong password",
    env: async () => databaseUrl(asRole(await newDatabase(), `wrong-${password}`)),
    message: /of DATABASE_URL: password authentication failed for user "kith_\w+" \(28P01\)$/,
  },
  {
    name: "an unknown role",
    env: async () => databaseUrl(withParameters(await newDatabase(), { user: "nobody" })),
    message: /of DATABASE_URL: role "nobody" does not exist \(28000\)$/,
  },
  {
    name: "a missing database",
    env: () => databaseUrl(urlOf(inject("postgresUrl"), "missing")),
    message: /of DATABASE_URL: database "missing" does not exist \(3D000\)$/,
  },
  {
    name: "a missing certificate file",
    env: async () => {
      // TLS is for TCP only.
      const { url } = await proxyOf(await newDatabase());
      const parameters = { sslmode: "verify-full", sslrootcert: "/missing/ca.crt" };
      return databaseUrl(withParameters(url, parameters));
    },
    message: /of DATABASE_URL: ENOENT: no such file or directory, open '\/missing\/ca.crt'$/,
  },
  {
    name: "a server without TLS",
    env: async () => {
      const { url } = await proxyOf(await newDatabase());
      return databaseUrl(withParameters(url, { sslmode: "require" }));
    },
    message: /of DATABASE_URL: The server does not support SSL connections$/,
  },
  {
    name: "missing rights to migrate",
    env: async () => databaseUrl(asRole(await emptyDatabase())),
    message: /of DATABASE_URL: permission denied for schema public \(42501\)$/,
  },
  {
    name: "missing rights to read",
    env: async () => databaseUrl(asRole(await newDatabase())),
    message:
      /of DATABASE_URL: the role of the connection lacks rights in the schema public: SELECT on/,
  },
  {
    name: "missing rights to create a schema",
    env: async () => ({
      ...(await databaseUrl(asRole(await newDatabase()))),
      DATABASE_SCHEMA: "other",
    }),
    message: /of DATABASE_URL: permission denied for database test_\w+ \(42501\)$/,
  },
  {
    name: "an unknown setting in the URL",
    env: async () =>
      databaseUrl(withParameters(await newDatabase(), { options: "-c no_such_setting=1" })),
    message: /of DATABASE_URL: unrecognized configuration parameter "no_such_setting" \(42704\)$/,
  },
  {
    name: "a startup parameter that a pooler rejects",
    env: () => databaseUrl(rejectingServer("08P01", "unsupported startup parameter: options")),
    message: /of DATABASE_URL: unsupported startup parameter: options \(08P01\)$/,
  },
  {
    name: "a search path without a schema",
    env: () => databaseUrl(newDatabase({ defaults: { search_path: "missing" } })),
    message: /of DATABASE_URL: no schema of the search path exists; set DATABASE_SCHEMA$/,
  },
  {
    name: "a table of another application",
    env: async () => {
      const url = await emptyDatabase();
      await withAdmin(url, (admin) => admin.query("CREATE TABLE contact ()"));
      return databaseUrl(url);
    },
    message: /something that Kith did not make \(.*"contact" already exists\); set DATABASE_SCHEMA/,
  },
  {
    name: "a URL that cannot be parsed",
    env: () => databaseUrl(`postgres://kith:${password}@host:port/kith`),
    message: /DATABASE_URL must be a URL such as/,
  },
  {
    name: "a setting in the URL that Kith sets itself",
    env: async () => databaseUrl(withParameters(await newDatabase(), { lock_timeout: "1" })),
    message: /DATABASE_URL must be .* without lock_timeout, which Kith sets itself/,
  },
];

async function proxyOf(url: string) {
  const proxy = await startDatabaseProxy(url);
  onTestFinished(() => proxy[Symbol.asyncDispose]());
  return proxy;
}

test.each(fatal)("$name ends the start immediately, with its cause", async ({ env, message }) => {
  const logs: Record<string, unknown>[] = [];
  const error = await startService(await env(), logs).then(
    () => new Error("it started"),
    (reason: Error) => reason,
  );
  expect(error.message).toMatch(message);
  expect(error.message).not.toContain(password);
  expect(logs).toEqual([]);
});

test.each([
  ["a wrong", { password: `wrong-${password}` }, "password authentication failed"],
  ["no", {}, "SASL: .*password must be a string"],
])(
  "with %s password the process ends with 1 and the cause on standard error",
  async (_, given, cause) => {
    const url = withParameters(await newDatabase(), { user: role, ...given });
    await using service = startProcess({ DATABASE_URL: url });
    expect(await service.exit()).toBe(1);
    expect(service.output()).toMatch(
      new RegExp(`^Kith cannot start: cannot use the database of DATABASE_URL: ${cause}`, "m"),
    );
    expect(service.output()).not.toContain(password);
  },
);

async function start(env: Record<string, string>, logs?: Record<string, unknown>[]) {
  const service = await startService(env, logs);
  onTestFinished(() => service.stop());
  return service;
}

test("a service waits for a database that is away when it starts", async () => {
  const proxy = await proxyOf(await newDatabase());
  await proxy.cut("refuses");
  const logs: Record<string, unknown>[] = [];
  const starting = start({ DATABASE_URL: proxy.url }, logs);
  const waits = () => logs.some(({ msg }) => msg === "waiting for the database");
  await eventually("it waits", async () => waits());
  await proxy.restore();
  await starting;
});

test("a connection that is lost during a migration is replaced", async () => {
  const url = await emptyDatabase();
  const logs: Record<string, unknown>[] = [];
  const said = (text: string) => logs.some(({ msg }) => msg === text);
  await withAdmin(url, async (admin) => {
    await admin.query("SELECT pg_advisory_lock(x'6b697468'::int)");
    const starting = start({ DATABASE_URL: url }, logs);
    await eventually("it waits for the lock", async () =>
      said("waiting for another process that migrates the database"),
    );
    await admin.query(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()",
    );
    await eventually("it retries", async () => said("waiting for the database"));
    await admin.query("SELECT pg_advisory_unlock_all()");
    await starting;
  });
  expect(said("migrated the database")).toBe(true);
});

const key = { id: "boot", secret: randomBytes(24).toString("base64url") };
const bootstrap = { BOOTSTRAP_SERVER_KEY: `${key.id}:${key.secret}` };
const header = serverKeyHeader(key);

test("a service with its own schema works beside the tables of another application", async () => {
  const url = await emptyDatabase();
  await withAdmin(url, (admin) => admin.query("CREATE TABLE contact (name text)"));
  const service = await start({ DATABASE_URL: url, DATABASE_SCHEMA: "kith", ...bootstrap });
  await expectToServe({ url: service.url, header });
  await withAdmin(url, async (admin) => {
    expect((await admin.query("SELECT FROM kith.contact")).rowCount).toBeGreaterThan(0);
    expect((await admin.query("SELECT FROM public.contact")).rowCount).toBe(0);
  });
});

test("a service on a database with hostile defaults works", async () => {
  const url = await newDatabase({ defaults: hostileDefaults });
  const service = await start({ DATABASE_URL: url, ...bootstrap });
  await expectToServe({ url: service.url, header });
});

test("a schema that is newer than the service is logged, and works", async () => {
  const url = await newDatabase();
  await withAdmin(url, (admin) =>
    admin.query("INSERT INTO kith_migration (name, is_breaking) VALUES ('9999-newer', false)"),
  );
  const service = await start({ DATABASE_URL: url });
  expect(service.logs).toContainEqual(
    expect.objectContaining({
      msg: "the database schema is newer than this version of Kith",
      migrations: ["9999-newer"],
      level: 40,
    }),
  );
});

test("a new secret for a known bootstrap key id is rejected", async () => {
  const url = await newDatabase();
  await start({ DATABASE_URL: url, BOOTSTRAP_SERVER_KEY: "boot:first" });
  await expect(
    startService({ DATABASE_URL: url, BOOTSTRAP_SERVER_KEY: "boot:second" }),
  ).rejects.toThrow(/^key id boot of BOOTSTRAP_SERVER_KEY .* a new secret needs a new key id$/);
});
