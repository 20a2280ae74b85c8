import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ContactStore } from "../../src/contact/contact-store.ts";
import { Fault } from "../../src/errors.ts";
import type { Pool } from "../../src/storage/database.ts";
import { createPool } from "../../src/storage/database.ts";
import { createShards } from "../../src/storage/distributed/shards.ts";
import { createPostgresContactStore } from "../../src/storage/postgres-contact-store.ts";
import { distributeTemplate } from "../support/citus.ts";
import type { CitusCluster } from "../support/citus-cluster.ts";
import { findCitus, startCitusCluster } from "../support/citus-cluster.ts";
import { connectClient, templateDatabase, urlOf } from "../support/database.ts";
import { pair, plan, within } from "./support/pairs.ts";
import { until } from "./support/session.ts";

const bin = findCitus();
/** The deadline of a call, in milliseconds. */
const deadlineMs = 5_000;

describe.skipIf(bin === undefined)("on Citus, which is not installed if this is skipped,", () => {
  let cluster: CitusCluster;
  let url: string;
  let pool: Pool;
  let store: ContactStore;

  beforeAll(async () => {
    cluster = await startCitusCluster(bin ?? "");
    const rows = await distributeTemplate(cluster);
    url = urlOf(cluster.nodes[0]?.url ?? "", templateDatabase);
    pool = createPool({
      connectionString: url,
      poolSize: 10,
      timeoutMs: deadlineMs,
      kind: "distributed",
      onConnectionLost: () => {},
    });
    store = createPostgresContactStore({
      pool,
      shards: createShards(rows),
      timeoutMs: deadlineMs,
    });
  });
  afterAll(async () => {
    await pool?.end();
    await cluster?.stop();
  });

  /** Syncs of one owner and of four, until `isOver`. Each adds four pairs with a contact of its own. */
  async function load(appId: number, isOver: () => boolean) {
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

  test.each([
    ["a worker", 1, 1],
    ["the other worker", 2, 2],
    ["the coordinator", 0, 3],
  ])("a crash of %s loses no acknowledged sync, and leaves none in part", async (_, at, appId) => {
    const node = cluster.nodes[at];
    let isOver = false;
    const loading = load(appId, () => isOver);
    await sleep(1_000);
    await node?.kill();
    await sleep(1_000);
    await node?.start();
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
  });
});
