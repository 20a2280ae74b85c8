import type { ReadStatements } from "../read-statements.ts";
import { maxExamined } from "../read-statements.ts";
import { statementText } from "../statement.ts";

/**
 * Statements that Citus can distribute, in place of those whose shape it does not support. They have the same
 * rows. Statements of one owner visit one shard, and the others visit the shards of their owners, or all shards.
 */
export function createDistributedReads(plain: ReadStatements): ReadStatements {
  return {
    ...plain,
    listOwners: (appId, contactId, { after = "", size }) => ({
      ...texts.listOwners,
      values: [appId, contactId, after, size + 1],
    }),
    listMutual: (appId, ownerId, { after = "", size }) => ({
      ...texts.listMutual,
      values: [appId, ownerId, after, size + 1],
    }),
  };
}

/** What Citus collects from the shards has the collation of the database, so the order names the collation. */
const order = 'id COLLATE "C"';

const entryColumns = `
  json_agg(id ORDER BY ${order}) AS ids,
  encode(string_agg(timestamptz_send(created_at), '' ORDER BY ${order}), 'hex') AS times`;

const texts = {
  listOwners: statementText(
    "list_owners",
    `SELECT ${entryColumns}
    FROM (
      SELECT owner_id AS id, created_at FROM contact
      WHERE app_id = $1 AND contact_id = $2 AND owner_id > $3
      ORDER BY owner_id LIMIT $4) AS entry`,
  ),
  listMutual: statementText(
    "list_mutual",
    `WITH examined AS MATERIALIZED (
      SELECT contact_id AS id, created_at FROM contact
      WHERE app_id = $1 AND owner_id = $2 AND contact_id > $3
      ORDER BY contact_id LIMIT ${maxExamined}),
    back AS MATERIALIZED (
      SELECT owner_id FROM contact
      WHERE app_id = $1 AND contact_id = $2 AND owner_id IN (SELECT id FROM examined)),
    entry AS (
      SELECT id, created_at FROM examined WHERE id IN (SELECT owner_id FROM back)
      ORDER BY ${order} LIMIT $4)
    SELECT ${entryColumns},
      CASE WHEN count(*) < $4 AND (SELECT count(*) FROM examined) = ${maxExamined}
        THEN (SELECT max(${order}) FROM examined) END AS last
    FROM entry`,
  ),
};
