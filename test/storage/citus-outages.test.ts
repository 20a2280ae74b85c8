import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import type { ContactStore } from "../../src/contact/contact-store.ts";
import { Fault } from "../../src/errors.ts";
import { createPool } from "../../src/storage/database.ts";
import type { Shards } from "../../src/storage/distributed/shards.ts";
import { createShards } from "../../src/storage/distributed/shards.ts";
import { createPostgresContactStore } from "../../src/storage/postgres-contact-store.ts";
import { distributeTemplate } from "../support/citus.ts";
import type { CitusCluster } from "../support/citus-cluster.ts";
import { findCitus, startCitusCluster } from "../support/citus-cluster.ts";
import { connectClient, templateDatabase, urlOf } from "../support/database.ts";
import { canPrepare, pgbouncerVersion, startPgBouncer } from "../support/pgbouncer.ts";
import { pair, plan, within } from "./support/pairs.ts";
import { until } from "./support/session.ts";

const bin = findCitus();
/** The deadline of a call, in milliseconds. */
const deadlineMs = 5_000;

describe.skipIf(bin === undefined)("on Citus, which is not installed if this is skipped,", () => {
  let cluster: CitusCluster;
  let url: string;
  let shards: Shards;

  beforeAll(async () => {
    cluster = await startCitusCluster(bin ?? "");
    shards = createShards(await distributeTemplate(cluster));
    url = urlOf(cluster.nodes[0]?.url ?? "", templateDatabase);
  });
  afterAll(() => cluster?.stop());

  /** A store on the coordinator, or on a pooler in front of it. It is closed when the test ends. */
  function openStore(connectionString = url, prepares = true): ContactStore {
    const pool = createPool({
      connectionString,
      prepares,
      poolSize: 10,
      timeoutMs: deadlineMs,
      kind: "distributed",
      onConnectionLost: () => {},
    });
    onTestFinished(() => pool.end());
    return createPostgresContactStore({ pool, shards, timeoutMs: deadlineMs });
  }

  /** Syncs of one owner and of four, until `isOver`. Each adds four pairs with a contact of its own. */
  async function load(store: ContactStore, appId: number, isOver: () => boolean) {
    const acknowledged = new Set<string>();
    const failed = new Map<string, unknown>();
    let next = 0;
    const caller = async () => {
      while (!isOver()) {
        const id = `c${next}`;
        const owners = next % 2 === 0 ? ["o", "o", "o", "o"] : ["p", "q", "r", "s"];
        next += 1;
        const insert = owners.map((owner, n) => pair(`${owner}${next % 50}`, `${id}-${n}`));
        await store
          .sync(appId, plan({ insert }), within(deadlineMs))
          .then(() => acknowledged.add(id))
          .catch((error) => failed.set(id, error));
      }
    };
    await Promise.all(Array.from({ length: 16 }, caller));
    return { acknowledged, failed };
  }

  /** The number of pairs of each sync that are stored. Throws while a node is away, or a commit is not complete. */
  async function readStored(appId: number): Promise<Map<string, number>> {
    const client = await connectClient(url);
    try {
      await client.query("SELECT recover_prepared_transactions()");
      const { rows } = await client.query<{ id: string; pairs: number }>(
        `SELECT split_part(contact_id, '-', 1) AS id, count(*)::int AS pairs FROM contact
         WHERE app_id = $1 GROUP BY 1`,
        [appId],
      );
      return new Map(rows.map(({ id, pairs }) => [id, pairs]));
    } finally {
      await client.end();
    }
  }

  /** Disturbs the database under load. All syncs that were acknowledged must be there, and none in part. */
  async function expectNoLoss(store: ContactStore, appId: number, disturb: () => Promise<unknown>) {
    let isOver = false;
    const loading = load(store, appId, () => isOver);
    await sleep(1_000);
    await disturb();
    // Calls succeed again before the load ends.
    await until(() =>
      store
        .sync(appId, plan({ remove: [pair("o", "none"), pair("q", "none")] }), within(5_000))
        .then(
          () => true,
          () => false,
        ),
    );
    isOver = true;
    const { acknowledged, failed } = await loading;

    const reasons = [...failed.values()].map((error) =>
      error instanceof Fault ? error.reason : String(error),
    );
    expect(
      reasons.filter((reason) => !/^(DATABASE_UNAVAILABLE|DEADLINE_EXCEEDED)$/.test(reason)),
    ).toEqual([]);
    expect(acknowledged.size).toBeGreaterThan(0);
    expect(failed.size).toBeGreaterThan(0);
    await expect
      .poll(
        async () => {
          const stored = await readStored(appId).catch(() => undefined);
          const missing = [...acknowledged].filter((id) => stored?.get(id) !== 4);
          const parts = [...(stored ?? [])].filter(([, pairs]) => pairs !== 4);
          return { missing, parts };
        },
        { timeout: 60_000, interval: 500 },
      )
      .toEqual({ missing: [], parts: [] });
  }

  test.each([
    ["a worker", 1, 1],
    ["the other worker", 2, 2],
    ["the coordinator", 0, 3],
  ])("a crash of %s loses no acknowledged sync, and leaves none in part", async (_, at, appId) => {
    const node = cluster.nodes[at];
    await expectNoLoss(openStore(), appId, async () => {
      await node?.kill();
      await sleep(1_000);
      await node?.start();
    });
  });

  test.skipIf(pgbouncerVersion() === undefined)(
    "restarts of PgBouncer before the coordinator lose no acknowledged sync, and leave none in part",
    async () => {
      const pooler = await startPgBouncer(url);
      onTestFinished(() => pooler.stop());
      await expectNoLoss(openStore(pooler.urlOf(url), canPrepare()), 4, async () => {
        for (let restarts = 0; restarts < 3; restarts++) {
          await pooler.restart();
          await sleep(300);
        }
      });
    },
  );
});
