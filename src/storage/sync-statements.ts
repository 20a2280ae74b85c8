import type { Kysely, OperationNodeSource } from "kysely";
import { sql } from "kysely";
import type { BatchPair } from "../contact/batch.ts";
import { integerArray, textArray } from "./array-parameter.ts";
import type { EncodedStatement } from "./encoded-statement.ts";
import type { Database } from "./schema.ts";
import { statementText } from "./statement.ts";

/** The statements of a sync, each with the pairs of a call. */
export interface SyncStatements {
  /** Adds the pairs that are missing. Returns the positions of the other pairs, from 1. */
  insert(pairs: readonly BatchPair[]): EncodedStatement;
  /**
   * Deletes the pairs that exist. Returns the number of deleted pairs, followed by their columns: one row
   * for each pair if some were deleted, and a single row without a pair if all were deleted, or none.
   */
  delete(pairs: readonly BatchPair[]): EncodedStatement;
}

export function createSyncStatements(db: Kysely<Database>): SyncStatements {
  const texts = {
    insert: statementText(
      "insert_contacts",
      reportExisting(insertContacts(db), contactExists(db)).compile(db).sql,
    ),
    delete: statementText("delete_contacts", reportDeleted(deleteContacts(db)).compile(db).sql),
  };
  return {
    insert: (pairs) => ({
      ...texts.insert,
      values: columnsOf(pairs),
    }),
    delete: (pairs) => ({
      ...texts.delete,
      values: columnsOf(pairs),
    }),
  };
}

/** The pairs as three array parameters, so that the text does not depend on their number. */
function columnsOf(pairs: readonly BatchPair[]): Buffer[] {
  return [
    integerArray(pairs.map(({ appId }) => appId)),
    textArray(pairs.map(({ ownerId }) => ownerId)),
    textArray(pairs.map(({ contactId }) => contactId)),
  ];
}

/**
 * Reads the pairs that an insertion finds. ON CONFLICT finds them without a trace in the predicate locks of
 * Postgres, so a concurrent transaction that deletes such a pair would not conflict. Pairs that are
 * inserted are not read, as that would lock their pages of the index against concurrent insertions.
 *
 * @param insert returns the columns of the pairs that it inserts
 * @param exists reads `pair`
 */
function reportExisting(insert: OperationNodeSource, exists: OperationNodeSource) {
  return sql`
    WITH inserted AS (${insert})
    SELECT position
    FROM unnest($1::integer[], $2::text[], $3::text[])
      WITH ORDINALITY AS pair(app_id, owner_id, contact_id, position)
    WHERE (SELECT count(*) FROM inserted) < cardinality($1::integer[])
      AND CASE WHEN (app_id, owner_id, contact_id) NOT IN (SELECT app_id, owner_id, contact_id FROM inserted)
        THEN (${exists}) END`;
}

/** A scalar subquery is always one index look-up. */
function contactExists(db: Kysely<Database>) {
  return db.selectFrom("contact").select(sql.lit(true).as("found")).where(isSamePair());
}

/**
 * Whether a row of `contact` is that of `pair`. The range makes Postgres take the primary key,
 * where the contacts of an owner are on few pages. To the planner both indexes cost the same, and in the
 * other index each contact is on a page of its own: Postgres would have to lock the whole index against
 * phantoms.
 */
function isSamePair() {
  const [app, owner, contact] = ["app_id", "owner_id", "contact_id"].map((column) =>
    sql.ref(`pair.${column}`),
  );
  return sql<boolean>`contact.app_id = ${app} AND contact.owner_id = ${owner}
    AND contact.contact_id BETWEEN ${contact} AND ${contact}`;
}

/**
 * Counts the pairs that a deletion changes. It returns the pairs only if they are some of the given
 * ones: in most syncs they are all or none, and need not be written, sent and read.
 *
 * @param deletion returns the columns of the pairs that it deletes
 */
function reportDeleted(deletion: OperationNodeSource) {
  return sql`
    WITH deleted AS (${deletion}), counted AS (SELECT count(*) AS changes FROM deleted)
    SELECT changes, app_id, owner_id, contact_id
    FROM counted LEFT JOIN deleted ON changes < cardinality($1::integer[])`;
}

function insertContacts(db: Kysely<Database>) {
  return db
    .insertInto("contact")
    .columns(["app_id", "owner_id", "contact_id"])
    .expression((eb) =>
      eb.selectFrom(givenPairs()).select(["pair.app_id", "pair.owner_id", "pair.contact_id"]),
    )
    .onConflict((conflict) => conflict.doNothing())
    .returning(["app_id", "owner_id", "contact_id"]);
}

/**
 * Locks the pairs in order before it deletes them. A join alone may visit them in any order, and
 * transactions that delete the same pairs could deadlock. A locked row stays where it is, so the deletion
 * needs no second look-up in the index.
 */
function deleteContacts(db: Kysely<Database>) {
  return db
    .with("locked", (cte) =>
      cte
        .selectFrom("contact")
        .innerJoin(givenPairs(), (join) => join.on(isSamePair()))
        .select(sql.ref("contact.ctid").as("ctid"))
        .orderBy("contact.app_id")
        .orderBy("contact.owner_id")
        .orderBy("contact.contact_id")
        .forUpdate("contact"),
    )
    .deleteFrom("contact")
    .using("locked")
    .whereRef("contact.ctid" as never, "=", "locked.ctid" as never)
    .returning(["contact.app_id", "contact.owner_id", "contact.contact_id"]);
}

type PairColumns = Pick<Database["contact"], "app_id" | "owner_id" | "contact_id">;

/** The given pairs as rows, in their order. */
function givenPairs() {
  return sql<PairColumns>`unnest($1::integer[], $2::text[], $3::text[])`.as<"pair">(
    sql`pair(app_id, owner_id, contact_id)`,
  );
}
