import type pg from "pg";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { createPlainShape } from "../../src/storage/contact-shape.ts";
import type { Pool } from "../../src/storage/database.ts";
import { createDatabaseOn, createPool } from "../../src/storage/database.ts";
import { createDistributedShape } from "../../src/storage/distributed/contact-shape.ts";
import { createShards } from "../../src/storage/distributed/shards.ts";
import type { Statement } from "../../src/storage/statement.ts";
import type { TestDatabase } from "../support/database.ts";
import { createTestDatabase } from "../support/database.ts";
import { patienceMs } from "../support/patience.ts";
import type { DistributedPlan } from "./support/distributed-plans.ts";
import { explainDistributed } from "./support/distributed-plans.ts";

const citus = inject("citus");

describe.skipIf(citus === undefined)("on Citus, which is not installed if this is skipped,", () => {
  const shards = createShards(citus?.shards ?? []);
  const all = citus?.shards.length ?? 0;
  let database: TestDatabase;
  let pool: Pool;
  let client: pg.PoolClient;

  beforeAll(async () => {
    database = await createTestDatabase();
    pool = createPool({
      connectionString: database.url,
      poolSize: 2,
      timeoutMs: patienceMs,
      kind: "distributed",
      onConnectionLost: () => {},
    });
    client = await pool.connect();
    await client.query(
      `INSERT INTO contact (app_id, owner_id, contact_id)
       SELECT 1, 'u' || n / 10, 'u' || n * 7919 % 30000 FROM generate_series(1, 30000) AS n`,
    );
    await client.query("ANALYZE contact");
  });
  afterAll(async () => {
    client.release();
    await pool.end();
    await database.drop();
  });

  function shapeOf() {
    return createDistributedShape(createPlainShape(createDatabaseOn(pool), pool), { pool, shards });
  }

  /** The plans of the statements that a check runs. */
  async function plansOfCheck(pairs: readonly (readonly [string, string])[]) {
    const plans: DistributedPlan[] = [];
    await shapeOf().check(
      async (statement) => {
        plans.push(await explainDistributed(client, statement));
        // As if every pair existed.
        return pairs.map(([ownerId, contactId]) => [ownerId, contactId]);
      },
      1,
      pairs.map(([ownerId, contactId]) => ({ ownerId, contactId })),
    );
    return plans;
  }

  const page = { after: "", size: 100 };
  const list = { appId: 1, ownerId: "u7", contactIds: ["a", "b"] };
  const cases: Record<string, [() => Statement, visited: number[], indexes: string[]]> = {
    "a page of contacts": [
      () => shapeOf().reads.listContacts(1, "u7", page),
      [1],
      ["contact_pkey"],
    ],
    "a page of owners": [
      () => shapeOf().reads.listOwners(1, "u7", page),
      [all],
      ["contact_reverse"],
    ],
    counts: [() => shapeOf().reads.count(1, "u7"), [1, all], ["contact_pkey", "contact_reverse"]],
    "a fingerprint": [() => shapeOf().reads.fingerprint(1, "u7"), [1], ["contact_pkey"]],
    "a dry replacement": [() => shapeOf().replacements.compare(list), [1], ["contact_pkey"]],
    "the deletion of a replacement": [
      () => shapeOf().replacements.deleteOthers(list),
      [1],
      ["contact_pkey"],
    ],
  };

  test.each(Object.entries(cases))("%s visits its shards by an index", async (_, expected) => {
    const [statement, visited, indexes] = expected;
    const plan = await explainDistributed(client, statement());
    expect(plan.tasks).toEqual(visited);
    expect(plan.indexes).toEqual(indexes);
  });

  test("a page of mutual contacts visits one shard for the list, and all for those who have the user", async () => {
    const plan = await explainDistributed(client, shapeOf().reads.listMutual(1, "u7", page));
    expect(plan.tasks).toEqual([1, all]);
    expect(plan.scans).not.toContain("Seq Scan");
  });

  test("the insertion of a replacement visits one shard", async () => {
    const [statement] = shapeOf().replacements.insert(list);
    expect((await explainDistributed(client, statement as Statement)).tasks).toEqual([1]);
  });

  test("a check of one owner visits one shard, and those of the contacts that exist", async () => {
    const [first, second, ...others] = await plansOfCheck([
      ["u7", "u1"],
      ["u7", "u2"],
      ["u7", "u3"],
    ]);
    const contacts = new Set(["u1", "u2", "u3"].map(shards.shardOf));
    expect([first?.tasks, second?.tasks, others]).toEqual([[1], [contacts.size], []]);
    expect([first?.scans, second?.scans].flat()).not.toContain("Seq Scan");
  });

  test("a check of several owners visits their shards", async () => {
    const [first] = await plansOfCheck([
      ["u7", "u1"],
      ["u8", "u2"],
    ]);
    expect(first?.tasks).toEqual([new Set(["u7", "u8"].map(shards.shardOf)).size]);
    expect(first?.scans).not.toContain("Seq Scan");
  });
});
