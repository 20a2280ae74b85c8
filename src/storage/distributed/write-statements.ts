import type { BatchPair } from "../../contact/batch.ts";
import { ownerKey } from "../../contact/pair-map.ts";
import { textArray } from "../array-parameter.ts";
import type { EncodedStatement } from "../encoded-statement.ts";
import type { StatementText } from "../statement.ts";
import { statementText } from "../statement.ts";

export type PairOfApp = Pick<BatchPair, "appId" | "ownerId" | "contactId">;

/** Most rows of one insertion. The time of Citus grows faster than the number of rows. */
const maxRows = 250;
/** Most owners of one deletion. */
const maxOwners = 16;
/** Statements for more rows or owners than this are not kept prepared, as there are many sizes. */
const maxPrepared = 16;

const columns = "app_id, owner_id, contact_id";

/**
 * Statements that add the pairs that are missing, and return their columns. The pairs must belong to one shard.
 * Citus routes literal rows at once. An insertion from a function would pass through the coordinator row by row.
 */
export function insertPairs(pairs: readonly PairOfApp[]): EncodedStatement[] {
  return chunksOf(pairs, maxRows).map((chunk) => ({
    ...insertText(chunk.length),
    values: chunk.flatMap(({ appId, ownerId, contactId }) => [String(appId), ownerId, contactId]),
  }));
}

/** Statements that delete the pairs that exist, and return their columns. The pairs must belong to one shard. */
export function deletePairs(pairs: readonly PairOfApp[]): EncodedStatement[] {
  const lists = new Map<string, PairOfApp[]>();
  for (const pair of pairs) {
    const key = ownerKey(pair.appId, pair.ownerId);
    const list = lists.get(key);
    if (list === undefined) lists.set(key, [pair]);
    else list.push(pair);
  }
  return chunksOf([...lists.values()], maxOwners).map((chunk) => ({
    ...deleteText(chunk.length),
    values: chunk.flatMap((list) => {
      const [{ appId, ownerId }] = list as [PairOfApp];
      return [String(appId), ownerId, textArray(list.map(({ contactId }) => contactId))];
    }),
  }));
}

const insertText = memoize("insert_rows", (count) => {
  const rows = repeat(count, (n) => `($${n + 1}::integer, $${n + 2}::text, $${n + 3}::text)`);
  return `INSERT INTO contact (${columns}) VALUES ${rows.join(", ")}
    ON CONFLICT DO NOTHING RETURNING ${columns}`;
});

const deleteText = memoize("delete_rows", (count) => {
  const lists = repeat(
    count,
    (n) => `(app_id = $${n + 1} AND owner_id = $${n + 2} AND contact_id = ANY ($${n + 3}::text[]))`,
  );
  return `DELETE FROM contact WHERE ${lists.join(" OR ")} RETURNING ${columns}`;
});

function memoize(
  name: string,
  textOf: (count: number) => string,
): (count: number) => StatementText {
  const texts = new Map<number, StatementText>();
  return (count) => {
    const known = texts.get(count);
    if (known !== undefined) return known;
    const text = textOf(count);
    const made = count > maxPrepared ? { name: "", text } : statementText(`${name}_${count}`, text);
    texts.set(count, made);
    return made;
  };
}

/** Calls the function with the number of parameters before each part of three. */
function repeat(count: number, part: (before: number) => string): string[] {
  return Array.from({ length: count }, (_, n) => part(3 * n));
}

function chunksOf<T>(all: readonly T[], size: number): T[][] {
  const chunks: T[][] = [];
  for (let at = 0; at < all.length; at += size) chunks.push(all.slice(at, at + size));
  return chunks;
}
