import type { Kysely } from "kysely";
import { sql } from "kysely";
import type { AppStore } from "../access/app-store.ts";
import type { KeyStore } from "../access/key-store.ts";
import type { Database } from "./schema.ts";
import { isForeignKeyViolation } from "./sqlstate.ts";
import { withDatabaseFaults } from "./transaction.ts";

export interface PostgresAppStoreOptions {
  readonly db: Kysely<Database>;
  readonly keys: Pick<KeyStore, "listKeys">;
}

/** Whole apps in Postgres, for the command line. */
export function createPostgresAppStore({ db, keys }: PostgresAppStoreOptions): AppStore {
  return {
    async setRateLimit(appId, limit) {
      await withDatabaseFaults(() =>
        db
          .updateTable("app")
          .set({
            contacts_per_second: limit?.contactsPerSecond ?? null,
            burst: limit?.burst ?? null,
          })
          .where("id", "=", appId)
          .execute(),
      );
    },

    countContacts(appId, limit) {
      return withDatabaseFaults(async () => {
        const { rows } = await sql<{ counted: number }>`
          SELECT count(*)::int AS counted
          FROM (SELECT 1 FROM contact WHERE app_id = ${appId} LIMIT ${limit + 1}) AS found`.execute(
          db,
        );
        const counted = rows[0]?.counted ?? 0;
        return { count: Math.min(counted, limit), hasMore: counted > limit };
      });
    },

    async revokeKeys(appId) {
      await withDatabaseFaults(() =>
        db
          .updateTable("server_key")
          .set({ revoked_at: sql`now()` })
          .where("app_id", "=", appId)
          .where("revoked_at", "is", null)
          .execute(),
      );
      return keys.listKeys(appId);
    },

    deleteContacts(appId, after, limit) {
      const { ownerId, contactId } = after ?? { ownerId: "", contactId: "" };
      return withDatabaseFaults(async () => {
        // Ids are not empty, so the first step begins before all of them.
        const { rows } = await sql<{ deleted: number; owner_id: string; contact_id: string }>`
          WITH page AS MATERIALIZED (
            SELECT owner_id, contact_id FROM contact
            WHERE app_id = ${appId} AND (owner_id, contact_id) > (${ownerId}, ${contactId})
            ORDER BY owner_id, contact_id LIMIT ${limit}
          ), deleted AS (
            DELETE FROM contact USING page
            WHERE contact.app_id = ${appId}
              AND contact.owner_id = page.owner_id AND contact.contact_id = page.contact_id
            RETURNING 1
          )
          SELECT (SELECT count(*)::int FROM deleted) AS deleted, owner_id, contact_id
          FROM page ORDER BY owner_id DESC, contact_id DESC LIMIT 1`.execute(db);
        const [row] = rows;
        if (row === undefined) return { deleted: 0, last: undefined };
        const last = { ownerId: row.owner_id, contactId: row.contact_id };
        return { deleted: row.deleted, last };
      });
    },

    deleteApp(appId) {
      return withDatabaseFaults(async () => {
        try {
          return await db.transaction().execute(async (trx) => {
            const { numDeletedRows } = await trx
              .deleteFrom("server_key")
              .where("app_id", "=", appId)
              .where("revoked_at", "is not", null)
              .executeTakeFirstOrThrow();
            // The foreign key of the keys rejects this if another key exists.
            await trx.deleteFrom("app").where("id", "=", appId).execute();
            return Number(numDeletedRows);
          });
        } catch (error) {
          if (isForeignKeyViolation(error)) return undefined;
          throw error;
        }
      });
    },
  };
}
