import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, inject, test } from "vitest";
import { createSuite } from "../support/store-suite.ts";
import type { OpenShard } from "./support/citus-shards.ts";
import { openShard } from "./support/citus-shards.ts";
import { pair, plan, unhurried, whyRejected, within } from "./support/pairs.ts";
import { countWaiting, openSession, until, untilWaiting } from "./support/session.ts";

describe.skipIf(inject("citus") === undefined)(
  "on Citus, which is not installed if this is skipped,",
  () => {
    const suite = createSuite();
    const wanted = { contactIds: ["held"], isDryRun: false };

    /** Inserts a pair in a transaction of the worker that stays open. */
    async function hold({ worker, shard }: OpenShard) {
      await worker.query("BEGIN");
      await worker.query(`INSERT INTO ${shard} VALUES (1, 'o', 'held')`);
    }

    test.each(["deadline", "caller"])(
      "a replacement that waits on a worker ends with its %s, on the worker too",
      async (ending) => {
        const { store, url } = await suite.openAlone();
        await store.sync(1, plan({ insert: [pair("o", "old")] }), unhurried);
        const shard = await openShard(url, "o");
        await hold(shard);
        const cancelled = new AbortController();
        const call =
          ending === "deadline" ? within(500) : { ...within(60_000), signal: cancelled.signal };
        const replacing = whyRejected(store.replace(1, "o", wanted, call));
        const session = await openSession(url);
        if (ending === "caller") {
          await untilWaiting(session);
          cancelled.abort();
        }
        expect(await replacing).toBe("DEADLINE_EXCEEDED");
        await until(async () => (await countWaiting(session)) === 0);
        await shard.worker.query("ROLLBACK");
        expect(await suite.contactsOf(1, url)).toEqual([pair("o", "old")]);
      },
    );

    test("the default lock timeout of a worker does not end a replacement", async () => {
      const { store, url } = await suite.openAlone();
      const shard = await openShard(url, "o");
      const { database } = shard.worker;
      await shard.worker.query(`ALTER DATABASE ${database} SET lock_timeout TO 50`);
      await hold(shard);
      const replacing = store.replace(1, "o", wanted, unhurried);
      await untilWaiting(await openSession(url));
      await sleep(300);
      await shard.worker.query("ROLLBACK");
      expect(await replacing).toEqual({ inserted: 1, deleted: 0, unchanged: 0 });
    });
  },
);
