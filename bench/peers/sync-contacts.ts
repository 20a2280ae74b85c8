import type { Generated } from "kysely";
import { Kysely, PostgresDialect, sql } from "kysely";
import pg from "pg";

/** The work of a peer for each request: a transaction of two statements, on a pool of ten connections. */
export type SyncContacts = (entries: readonly Entry[]) => Promise<Counts>;

export interface Entry {
  readonly ownerId: string;
  readonly contactId: string;
  readonly isDeleted: boolean;
}

export interface Counts {
  readonly inserted: bigint;
  readonly deleted: bigint;
}

interface Database {
  contact: ContactTable;
}

interface ContactTable {
  app_id: number;
  owner_id: string;
  contact_id: string;
  created_at: Generated<Date>;
}

const appId = 1;

export function createSyncContacts({
  databaseUrl,
}: {
  readonly databaseUrl: string;
}): SyncContacts {
  const pool = new pg.Pool({ connectionString: databaseUrl, max: 10 });
  const db = new Kysely<Database>({ dialect: new PostgresDialect({ pool }) });

  return (entries) =>
    db.transaction().execute(async (transaction) => {
      const { numInsertedOrUpdatedRows: inserted = 0n } = await transaction
        .insertInto("contact")
        .columns(["app_id", "owner_id", "contact_id"])
        .expression((eb) =>
          eb
            .selectFrom(pairsOf(entries.filter((entry) => !entry.isDeleted)))
            .select([sql.lit(appId).as("app_id"), "pair.owner_id", "pair.contact_id"]),
        )
        .onConflict((conflict) => conflict.doNothing())
        .executeTakeFirstOrThrow();
      const { numDeletedRows: deleted } = await transaction
        .deleteFrom("contact")
        .using(pairsOf(entries.filter((entry) => entry.isDeleted)))
        .where("contact.app_id", "=", appId)
        .whereRef("contact.owner_id", "=", "pair.owner_id")
        .whereRef("contact.contact_id", "=", "pair.contact_id")
        .executeTakeFirstOrThrow();
      return { inserted, deleted };
    });
}

function pairsOf(entries: readonly Entry[]) {
  const owners = entries.map((entry) => entry.ownerId);
  const contacts = entries.map((entry) => entry.contactId);
  return sql<Pick<ContactTable, "owner_id" | "contact_id">>`
    unnest(${owners}::text[], ${contacts}::text[])`.as<"pair">(sql`pair(owner_id, contact_id)`);
}
