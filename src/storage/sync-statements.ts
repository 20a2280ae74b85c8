import type { Kysely, OperationNodeSource } from "kysely";
import { sql } from "kysely";
import type { BatchPair } from "../contact/batch.ts";
import { integerArray, textArray } from "./array-parameter.ts";
import type { EncodedStatement } from "./encoded-statement.ts";
import type { Database } from "./schema.ts";

/**
 * The statements of a sync, each with the pairs of a call. Each returns the number of pairs that it
 * changed, followed by their columns: one row for each pair if some were changed, and a single row without
 * a pair if all were changed, or none.
 */
export interface SyncStatements {
  /** Adds the pairs that are missing. */
  insert(pairs: readonly BatchPair[]): EncodedStatement;
  /** Deletes the pairs that exist. */
  delete(pairs: readonly BatchPair[]): EncodedStatement;
}

export function createSyncStatements(db: Kysely<Database>): SyncStatements {
  const texts = {
    insert: reportChanges(insertContacts(db)).compile(db).sql,
    delete: reportChanges(deleteContacts(db)).compile(db).sql,
  };
  return {
    insert: (pairs) => ({
      name: "insert_contacts",
      text: texts.insert,
      values: columnsOf(pairs),
    }),
    delete: (pairs) => ({
      name: "delete_contacts",
      text: texts.delete,
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
 * Counts the pairs that a statement changes. It returns the pairs only if they are some of the given
 * ones: in most syncs they are all or none, and need not be written, sent and read.
 *
 * @param change returns the columns of the pairs that it changes
 */
function reportChanges(change: OperationNodeSource) {
  return sql`
    WITH changed AS (${change}), counted AS (SELECT count(*) AS changes FROM changed)
    SELECT changes, app_id, owner_id, contact_id
    FROM counted LEFT JOIN changed ON changes < cardinality($1::integer[])`;
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
 * transactions that delete the same pairs could deadlock.
 */
function deleteContacts(db: Kysely<Database>) {
  return db
    .with("locked", (cte) =>
      cte
        .selectFrom("contact")
        .innerJoin(givenPairs(), (join) =>
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

/** The given pairs as rows, in their order. */
function givenPairs() {
  return sql<PairColumns>`unnest($1::integer[], $2::text[], $3::text[])`.as<"pair">(
    sql`pair(app_id, owner_id, contact_id)`,
  );
}
