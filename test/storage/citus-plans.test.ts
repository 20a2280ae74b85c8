import type pg from "pg";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { createPlainShape } from "../../src/storage/contact-shape.ts";
import type { Pool } from "../../src/storage/database.ts";
import { createDatabaseOn, createPool } from "../../src/storage/database.ts";
import { checkStatement, groupByShard } from "../../src/storage/distributed/check-statements.ts";
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

  /** The plans of the statements that check whether pairs exist. */
  function plansOfCheck(pairs: readonly (readonly [string, string])[]): Promise<DistributedPlan[]> {
    const ofApp = pairs.map(([ownerId, contactId]) => ({ appId: 1, ownerId, contactId }));
    const statements = groupByShard(shards, ofApp).map(checkStatement);
    return Promise.all(statements.map((statement) => explainDistributed(client, statement)));
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

  const owners = ["u7", "u8", "u9", "u10"];
  test.each([
    ["of one owner", ["u1", "u2", "u3"].map((id) => ["u7", id] as const)],
    ["of several owners", owners.map((id, n) => [id, `u${n}`] as const)],
    ["of pairs with one contact", owners.map((id) => [id, "u1"] as const)],
  ])("a check %s has a statement for each shard, which visits it by an index", async (_, pairs) => {
    const plans = await plansOfCheck(pairs);
    const visited = new Set(pairs.map(([ownerId]) => shards.shardOf(ownerId)));
    expect(plans.map(({ tasks }) => tasks)).toEqual(Array(visited.size).fill([1]));
    expect(plans.flatMap(({ scans }) => scans)).not.toContain("Seq Scan");
  });
});
