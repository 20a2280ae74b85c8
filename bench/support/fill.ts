import type { DatabaseServer } from "./database-server.ts";

/**
 * Inserts rows into an empty table of contacts. It drops the secondary index and creates it again
 * afterwards, which is much faster than keeping it up to date.
 *
 * @param select SELECT of app, owner and contact; fastest in the order of the primary key
 */
export async function fillContacts(options: {
  readonly server: DatabaseServer;
  readonly databaseUrl: string;
  readonly select: string;
}): Promise<void> {
  const { server, databaseUrl, select } = options;
  const query = (text: string) => server.query(databaseUrl, text);
  const found = await query("SELECT indexdef FROM pg_indexes WHERE indexname = 'contact_reverse'");
  await query("DROP INDEX contact_reverse");
  await query(`INSERT INTO contact (app_id, owner_id, contact_id) ${select}`);
  await query(found.rows[0].indexdef);
  await query("VACUUM (ANALYZE) contact");
  await query("CHECKPOINT");
}
