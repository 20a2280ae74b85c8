import type { Kysely, RawBuilder, Transaction } from "kysely";
import { sql } from "kysely";
import type { ContactStore } from "../contact/contact-store.ts";
import type { ContactPair } from "../contact/sync.ts";
import type { Database } from "./schema.ts";
import { inTransaction } from "./transaction.ts";

/** The contacts in Postgres. */
export function createContactStore(db: Kysely<Database>): ContactStore {
  return {
    sync(appId, { inserts, deletes }, options) {
      return inTransaction(db, options, async (trx) => ({
        inserted: inserts.length === 0 ? 0 : await insertContacts(trx, appId, inserts),
        deleted: deletes.length === 0 ? 0 : await deleteContacts(trx, appId, deletes),
      }));
    },
  };
}

/** Adds the pairs that are not there, and tells how many that were. */
async function insertContacts(
  trx: Transaction<Database>,
  appId: number,
  pairs: readonly ContactPair[],
): Promise<number> {
  const result = await trx
    .insertInto("contact")
    .columns(["app_id", "owner_id", "contact_id"])
    .expression((eb) =>
      eb
        .selectFrom(unnestPairs(pairs))
        .select([sql<number>`${appId}::integer`.as("app_id"), "pair.owner_id", "pair.contact_id"]),
    )
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirstOrThrow();
  return Number(result.numInsertedOrUpdatedRows ?? 0n);
}

/** Removes the pairs that are there, and tells how many that were. */
async function deleteContacts(
  trx: Transaction<Database>,
  appId: number,
  pairs: readonly ContactPair[],
): Promise<number> {
  const result = await trx
    .deleteFrom("contact")
    .using(unnestPairs(pairs))
    .where("contact.app_id", "=", appId)
    .whereRef("contact.owner_id", "=", "pair.owner_id")
    .whereRef("contact.contact_id", "=", "pair.contact_id")
    .executeTakeFirstOrThrow();
  return Number(result.numDeletedRows);
}

/** The pairs as rows, in their order: two array parameters, however many pairs there are. */
function unnestPairs(pairs: readonly ContactPair[]) {
  const owners = pairs.map((pair) => pair.ownerId);
  const contacts = pairs.map((pair) => pair.contactId);
  const rows: RawBuilder<ContactColumns> = sql`unnest(${owners}::text[], ${contacts}::text[])`;
  return rows.as<"pair">(sql`pair(owner_id, contact_id)`);
}

type ContactColumns = Pick<Database["contact"], "owner_id" | "contact_id">;
