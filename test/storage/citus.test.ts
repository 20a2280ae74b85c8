import { describe, expect, inject, test } from "vitest";
import { createDatabaseOn } from "../../src/storage/database.ts";
import { distribute } from "../../src/storage/distributed/distribute.ts";
import { createShards, readShardRows } from "../../src/storage/distributed/shards.ts";
import { hashText } from "../../src/storage/distributed/text-hash.ts";
import { openPool, urlOf } from "../support/database.ts";
import { createSuite } from "../support/store-suite.ts";
import { openShard } from "./support/citus-shards.ts";
import { someIds } from "./support/lists.ts";
import { pair, plan, sorted, unhurried, within } from "./support/pairs.ts";
import { openSession, untilWaiting } from "./support/session.ts";

const citus = inject("citus");

describe.skipIf(citus === undefined)("on Citus, which is not installed if this is skipped,", () => {
  const suite = createSuite();
  const rows = citus?.shards ?? [];
  const shards = createShards(rows);
  const nodeOf = (ownerId: string) => shards.nodeOf(shards.shardOf(ownerId));
  const ids = Array.from({ length: 200 }, (_, n) => `o${n}`);
  const [here = "", there = ""] = [0, 1].map((node) => ids.find((id) => nodeOf(id) === node));

  test("hashes and shards of ids are those of Citus", async () => {
    const { url } = await suite.open();
    const session = await openSession(url);
    const lengths = Array.from({ length: 51 }, (_, length) => "z".repeat(length));
    const { rows: found } = await session.query<{ id: string; hash: number; shard: number }>(
      `SELECT id, hashtext(id COLLATE "C") AS hash,
         (SELECT count(*)::int - 1 FROM pg_dist_shard
          WHERE logicalrelid = 'contact'::regclass AND shardminvalue::int <= hashtext(id COLLATE "C")) AS shard
       FROM unnest($1::text[]) AS id`,
      [[...someIds, ...ids, ...lengths]],
    );
    for (const { id, hash, shard } of found) {
      expect([id, hashText(id), shards.shardOf(id)]).toEqual([id, hash, shard]);
    }
  });

  /** Makes one shard reject a contact, as Citus supports no triggers on the table. */
  async function rejectContact(url: string, ownerId: string, contactId: string) {
    const { worker, shard } = await openShard(url, ownerId);
    await worker.query(`ALTER TABLE ${shard} ADD CHECK (contact_id <> '${contactId}')`);
  }

  test.each([
    ["one owner", [pair(here, "a"), pair(here, "bad")]],
    ["owners of two nodes", [pair(here, "bad"), pair(there, "a")]],
  ])("a sync of %s that fails on one shard changes nothing", async (_, insert) => {
    const { store, url } = await suite.openAlone();
    await rejectContact(url, here, "bad");
    const kept = [pair(here, "kept"), pair(there, "kept")];
    await store.sync(1, plan({ insert: kept }), unhurried);
    const syncs = [
      store.sync(1, plan({ insert, remove: kept }), unhurried),
      store.sync(1, plan({ insert: [pair(there, "other")] }), unhurried),
    ];
    const [failed, other] = await Promise.allSettled(syncs);
    expect(failed?.status).toBe("rejected");
    expect(other?.status).toBe("fulfilled");
    const stored = await suite.contactsOf(1, url);
    expect(sorted(stored)).toEqual(sorted([...kept, pair(there, "other")]));
  });

  test("syncs of an owner wait for each other, in all processes, and those of others do not", async () => {
    // Longer than the test waits: a sync that gives up lets others go first.
    const lockTimeoutMs = 60_000;
    const one = await suite.openAlone({ lockTimeoutMs });
    const other = suite.openOn(one.url, { lockTimeoutMs });
    const holder = await openSession(one.url);
    await holder.query("BEGIN");
    await holder.query("INSERT INTO contact (app_id, owner_id, contact_id) VALUES (1, $1, 'x')", [
      here,
    ]);
    const first = one.store.sync(
      1,
      plan({ insert: [pair(here, "x"), pair(here, "y")] }),
      unhurried,
    );
    await untilWaiting(holder);
    const second = other.store.sync(1, plan({ remove: [pair(here, "y")] }), unhurried);
    await untilWaiting(holder, 2);
    await other.store.sync(1, plan({ insert: [pair(there, "x")] }), within(20_000));
    await holder.query("ROLLBACK");
    expect(await first).toEqual({ inserted: 2, deleted: 0 });
    expect(await second).toEqual({ inserted: 0, deleted: 1 });
  });

  test("a table that has contacts is distributed with them, in four shards for each node", async () => {
    const { db, url } = await suite.openAlone();
    const session = await openSession(url);
    await session.query("SELECT undistribute_table('contact')");
    await session.query(
      "INSERT INTO contact SELECT 1, 'o' || n, 'c' FROM generate_series(1, 500) AS n",
    );
    expect(await readShardRows(db, "public")).toEqual([]);
    await distribute(db, { schema: "public" });
    await distribute(db, { schema: "public", shards: 2 });
    expect(await readShardRows(db, "public")).toHaveLength(8);
    expect(await suite.contactsOf(1, url)).toHaveLength(500);
  });

  test("a service that is connected to a worker is told so", async () => {
    const { url } = await suite.open();
    const [, worker = ""] = citus?.nodes ?? [];
    const db = createDatabaseOn(openPool(urlOf(worker, new URL(url).pathname.slice(1))));
    await expect(readShardRows(db, "public")).rejects.toThrow("Kith needs the coordinator");
  });
});
