import type { Kysely, OperationNodeSource } from "kysely";
import { sql } from "kysely";
import type pg from "pg";
import type { Batch, BatchPair } from "../contact/batch.ts";
import type { BatchTimeLimits, RunBatch } from "../contact/group-commit.ts";
import { ownerKey } from "../contact/pair-map.ts";
import { integerArray, textArray } from "./array-parameter.ts";
import { ownerLock, ownerLockSpace } from "./owner-lock.ts";
import type { Rows, WrittenStatement } from "./pipeline.ts";
import { inPipelinedTransaction } from "./pipeline.ts";
import type { Database } from "./schema.ts";
import { limitStatements } from "./time-limit.ts";
import { withRetries } from "./transaction.ts";

export interface BatchRunnerOptions {
  readonly pool: pg.Pool;
  /** Longest a statement may run by default, in milliseconds; a transaction may have less, not more. */
  readonly statementTimeoutMs: number;
  /** Writes the statements; they are run on the pool. */
  readonly db: Kysely<Database>;
}

/** Runs batches of syncs in Postgres: one transaction, insertions first. */
export function createBatchRunner(options: BatchRunnerOptions): RunBatch {
  const { pool, db, statementTimeoutMs } = options;
  const insertText = tellChanges(insertContacts(db)).compile(db).sql;
  const deleteText = tellChanges(deleteContacts(db)).compile(db).sql;

  return (batch, limits) =>
    withRetries(async () => {
      const { inserts, deletes } = batch;
      const before = [...timeLimits(limits, statementTimeoutMs), shareOwnerLocks(batch)];
      const results = await inPipelinedTransaction(pool, [
        ...before,
        { name: "insert_contacts", text: insertText, values: columns(inserts) },
        { name: "delete_contacts", text: deleteText, values: columns(deletes) },
      ]);
      const [inserted = [], deleted = []] = results.slice(before.length);
      return {
        inserted: changedOf(inserted, inserts, batch),
        deleted: changedOf(deleted, deletes, batch),
      };
    });
}

/** Limits of this transaction alone, where it waits for locks as long as its caller does. */
function timeLimits(
  { statementMs = Infinity, waitsForLocks }: BatchTimeLimits,
  mostMs: number,
): WrittenStatement[] {
  return waitsForLocks ? [limitStatements(Math.min(statementMs, mostMs))] : [];
}

/** Takes the locks in their order, and gives no rows. */
const shareOwnerLocksText = `SELECT FROM unnest($1::integer[]) AS lock (id)
  WHERE pg_advisory_xact_lock_shared(${ownerLockSpace}, lock.id) IS NULL`;

function shareOwnerLocks({ inserts, deletes }: Batch): WrittenStatement {
  const locks = new Set<number>();
  for (const { appId, ownerId } of [...inserts, ...deletes]) locks.add(ownerLock(appId, ownerId));
  return {
    name: "share_owner_locks",
    text: shareOwnerLocksText,
    values: [integerArray([...locks].sort((a, b) => a - b))],
  };
}

/**
 * Counts the pairs that a statement changes, and tells which they are where they are some of those that it
 * was given: all of them need not be written, sent and read to be known.
 *
 * @param change is given pairs as `unnestPairs` takes them, and returns their columns
 */
function tellChanges(change: OperationNodeSource) {
  return sql`
    WITH changed AS (${change}), counted AS (SELECT count(*) AS changes FROM changed)
    SELECT changes, app_id, owner_id, contact_id
    FROM counted LEFT JOIN changed ON changes < cardinality($1::integer[])`;
}

/** Adds the pairs that are not there, and returns them. */
function insertContacts(db: Kysely<Database>) {
  return db
    .insertInto("contact")
    .columns(["app_id", "owner_id", "contact_id"])
    .expression((eb) =>
      eb.selectFrom(unnestPairs()).select(["pair.app_id", "pair.owner_id", "pair.contact_id"]),
    )
    .onConflict((conflict) => conflict.doNothing())
    .returning(["app_id", "owner_id", "contact_id"]);
}

/**
 * Removes the pairs that are there, and returns them. They are locked first, in order: a join
 * alone may visit them in any, and transactions that delete the same pairs could deadlock.
 */
function deleteContacts(db: Kysely<Database>) {
  return db
    .with("locked", (cte) =>
      cte
        .selectFrom("contact")
        .innerJoin(unnestPairs(), (join) =>
          join
            .onRef("contact.app_id", "=", "pair.app_id")
            .onRef("contact.owner_id", "=", "pair.owner_id")
            .onRef("contact.contact_id", "=", "pair.contact_id"),
        )
        .select(["contact.app_id", "contact.owner_id", "contact.contact_id"])
        .orderBy("contact.app_id")
        .orderBy("contact.owner_id")
        .orderBy("contact.contact_id")
        .forUpdate("contact"),
    )
    .deleteFrom("contact")
    .using("locked")
    .whereRef("contact.app_id", "=", "locked.app_id")
    .whereRef("contact.owner_id", "=", "locked.owner_id")
    .whereRef("contact.contact_id", "=", "locked.contact_id")
    .returning(["contact.app_id", "contact.owner_id", "contact.contact_id"]);
}

type PairColumns = Pick<Database["contact"], "app_id" | "owner_id" | "contact_id">;

/** Pairs as rows, in their order: three array parameters, however many pairs there are. */
function unnestPairs() {
  return sql<PairColumns>`unnest($1::integer[], $2::text[], $3::text[])`.as<"pair">(
    sql`pair(app_id, owner_id, contact_id)`,
  );
}

function columns(pairs: readonly BatchPair[]): Buffer[] {
  return [
    integerArray(pairs.map((pair) => pair.appId)),
    textArray(pairs.map((pair) => pair.ownerId)),
    textArray(pairs.map((pair) => pair.contactId)),
  ];
}

/** The pairs that a statement has changed, of those that it was given. */
function changedOf(
  rows: Rows,
  given: readonly BatchPair[],
  { pairs }: Batch,
): readonly BatchPair[] {
  const changes = Number(rows[0]?.[0]);
  if (changes === given.length) return given;
  if (changes === 0) return [];
  return rows.map(([, appId, ownerId, contactId]) => {
    const pair = pairs.get(ownerKey(Number(appId), ownerId as string), contactId as string);
    if (pair === undefined) throw new Error("the database reports a pair that it was not given");
    return pair;
  });
}
