import type { AddressInfo, Socket } from "node:net";
import { createServer } from "node:net";
import type pg from "pg";
import { expect, onTestFinished, test } from "vitest";
import type { ContactStore } from "../../src/contact/contact-store.ts";
import { Fault } from "../../src/errors.ts";
import { createDatabaseOn, createPool } from "../../src/storage/database.ts";
import { createPostgresContactStore } from "../../src/storage/postgres-contact-store.ts";
import { createPostgresKeyStore } from "../../src/storage/postgres-key-store.ts";
import { createTestDatabase } from "../support/database.ts";
import { patienceMs } from "../support/patience.ts";
import { pair, plan, unhurried, whyRejected } from "./support/pairs.ts";
import {
  backendsOf,
  holdInsert,
  holdRow,
  openSession,
  until,
  untilWaiting,
} from "./support/session.ts";

const held = pair("h", "h");
const other = pair("a", "b");

interface OpenOptions {
  readonly url: string;
  readonly poolSize?: number;
  readonly timeoutMs?: number;
}

function open({ url, poolSize = 4, timeoutMs = patienceMs }: OpenOptions) {
  const lost: Error[] = [];
  const pool = createPool({
    connectionString: url,
    poolSize,
    timeoutMs,
    onConnectionLost: (error) => lost.push(error),
  });
  onTestFinished(() => pool.end());
  const db = createDatabaseOn(pool);
  return {
    db,
    store: createPostgresContactStore({ pool, timeoutMs }),
    keys: createPostgresKeyStore(db),
    lost,
  };
}

async function newDatabase(): Promise<string> {
  const { url, drop } = await createTestDatabase();
  onTestFinished(drop);
  return url;
}

async function terminateAll(session: pg.Client): Promise<void> {
  const pids = (await backendsOf(session)).map(({ pid }) => pid);
  await session.query("SELECT pg_terminate_backend(pid) FROM unnest($1::int[]) AS pid", [pids]);
  await until(async () => (await backendsOf(session)).every(({ pid }) => !pids.includes(pid)));
}

/** Syncs until it succeeds. The only error allowed before is an unreachable database. */
async function recover(store: ContactStore): Promise<void> {
  await until(async () => {
    const result = await store.sync(1, plan({ insert: [other] }), unhurried).catch((e) => e);
    if (result instanceof Fault) expect(result.reason).toBe("DATABASE_UNAVAILABLE");
    else expect(result).toMatchObject({ deleted: 0 });
    return !(result instanceof Error);
  });
}

test("connections that are lost while idle are replaced", async () => {
  const url = await newDatabase();
  const session = await openSession(url);
  const { store, lost } = open({ url });
  await Promise.all(
    Array.from({ length: 4 }, (_, n) => store.sync(n, plan({ insert: [other] }), unhurried)),
  );
  expect((await backendsOf(session)).length).toBeGreaterThan(0);
  await terminateAll(session);
  await recover(store);
  expect(lost.length).toBeGreaterThan(0);
});

test("a sync whose connection is lost while it waits is rejected and stores nothing, and others continue", async () => {
  const url = await newDatabase();
  const [session, holder] = [await openSession(url), await openSession(url)];
  const { store } = open({ url });
  await holdInsert(holder, 1, held);
  const waiting = whyRejected(store.sync(1, plan({ insert: [pair("a", "z"), held] }), unhurried));
  await untilWaiting(session);
  await terminateAll(session);
  expect(await waiting).toBe("DATABASE_UNAVAILABLE");
  await holder.query("ROLLBACK");
  await recover(store);
  const { rows } = await session.query("SELECT owner_id, contact_id FROM contact");
  expect(rows).toEqual([{ owner_id: "a", contact_id: "b" }]);
});

/** Makes transactions that change "slow" wait at one point, until the session ends its own transaction. */
const points: Record<string, (holder: pg.Client) => Promise<unknown>> = {
  "an insertion": (holder) => holdInsert(holder, 1, pair("slow", "new")),
  "a deletion": (holder) => holdRow(holder, 1, pair("slow", "old")),
  "the commit": async (holder) => {
    await holder.query(`
      CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          PERFORM pg_advisory_xact_lock(1);
          RETURN NULL;
        END
      $$;
      CREATE CONSTRAINT TRIGGER wait AFTER INSERT ON contact DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW WHEN (NEW.owner_id = 'slow') EXECUTE FUNCTION wait()`);
    await holder.query("BEGIN");
    await holder.query("SELECT pg_advisory_xact_lock(1)");
  },
};

/** Calls that replace the contact "old" of "slow" with "new". */
const changes: Record<string, (store: ContactStore) => Promise<unknown>> = {
  "a sync": (store) =>
    store.sync(
      1,
      plan({ insert: [pair("slow", "new")], remove: [pair("slow", "old")] }),
      unhurried,
    ),
  "a replacement": (store) =>
    store.replace(1, "slow", { contactIds: ["new"], isDryRun: false }, unhurried),
};

const losses = Object.keys(points).flatMap((point) =>
  Object.keys(changes).map((change) => ({ point, change })),
);

test.each(losses)("a connection lost while $change waits for $point", async ({ point, change }) => {
  const url = await newDatabase();
  const [session, holder] = [await openSession(url), await openSession(url)];
  const { store } = open({ url });
  await store.sync(1, plan({ insert: [pair("slow", "old")] }), unhurried);
  await points[point]?.(holder);
  const lost = whyRejected(changes[change]?.(store) as Promise<unknown>);
  await untilWaiting(session);
  await terminateAll(session);
  expect(await lost).toBe("DATABASE_UNAVAILABLE");
  await holder.query("ROLLBACK");
  await recover(store);
  const { rows } = await session.query("SELECT contact_id FROM contact WHERE owner_id = 'slow'");
  expect(rows).toEqual([{ contact_id: "old" }]);
  expect(await changes[change]?.(store)).toMatchObject({ inserted: 1, deleted: 1 });
});

test("connections that are lost repeatedly under load end no process, and all counts are right", async () => {
  const url = await newDatabase();
  const session = await openSession(url);
  const { store } = open({ url });
  let running = true;
  const load = Promise.all(
    Array.from({ length: 8 }, async (_, worker) => {
      for (let n = 0; running; n++) {
        const insert = [pair(`w${worker}`, String(n)), pair(`w${worker}`, `${n}+`)];
        const result = await store.sync(2, plan({ insert }), unhurried).catch((error) => error);
        if (result instanceof Fault) expect(result.reason).toBe("DATABASE_UNAVAILABLE");
        else expect(result).toEqual({ inserted: 2, deleted: 0 });
      }
    }),
  );
  for (let round = 0; round < 20; round++) await terminateAll(session);
  running = false;
  await load;
  await recover(store);
  const { rows } = await session.query(
    "SELECT FROM contact WHERE app_id = 2 GROUP BY owner_id, rtrim(contact_id, '+') HAVING count(*) <> 2",
  );
  expect(rows).toEqual([]);
});

test("a pool whose connections are all in use rejects after its limit, and recovers", async () => {
  const { store, db } = open({ url: await newDatabase(), poolSize: 1, timeoutMs: 3_000 });
  const inUse = Promise.withResolvers<void>();
  const free = Promise.withResolvers<void>();
  const user = db.connection().execute(async () => {
    inUse.resolve();
    await free.promise;
  });
  await inUse.promise;
  const refused = whyRejected(store.sync(1, plan({ insert: [other] }), unhurried));
  expect(await refused).toBe("DATABASE_UNAVAILABLE");
  free.resolve();
  await user;
  await recover(store);
});

/** Starts a server that passes its connections to a function. */
async function startServer(onConnection: (socket: Socket) => void): Promise<string> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    onConnection(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    if (server.listening) await new Promise((resolve) => server.close(resolve));
  });
  return `postgres://kith@127.0.0.1:${(server.address() as AddressInfo).port}/kith`;
}

async function closedPort(): Promise<string> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return `postgres://kith@127.0.0.1:${port}/kith`;
}

const unreachable: [name: string, url: () => Promise<string>][] = [
  ["a port that is closed", closedPort],
  ["a Unix socket that is not there", async () => "postgres:///kith?host=/nonexistent&user=kith"],
  ["a server that says nothing", () => startServer(() => {})],
  ["a server that hangs up", () => startServer((socket) => socket.end())],
  ["a server that resets", () => startServer((socket) => socket.resetAndDestroy())],
  [
    "a database that is not there",
    async () => {
      const url = new URL(await newDatabase());
      url.pathname = "/nobody";
      return url.href;
    },
  ],
  [
    "a role that is not there",
    async () => {
      const url = new URL(await newDatabase());
      url.searchParams.set("user", "nobody");
      return url.href;
    },
  ],
];

test.each(unreachable)("%s is a database that is away", async (_, urlOf) => {
  const { store, keys } = open({ url: await urlOf(), timeoutMs: 500 });
  const calls = [
    store.sync(1, plan({ insert: [other] }), unhurried),
    keys.findKeys(["a"]),
    keys.createApp("a"),
    keys.revokeKey("a"),
  ];
  expect(await Promise.all(calls.map(whyRejected))).toEqual(
    calls.map(() => "DATABASE_UNAVAILABLE"),
  );
});
