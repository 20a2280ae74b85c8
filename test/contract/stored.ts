import { connectClient } from "../support/database.ts";
import type { Pair } from "./model.ts";
import { sortPairs } from "./model.ts";

/** Reads the rows that a service has stored, directly from the database. */
export interface Stored {
  /** Every pair of an app, sorted. */
  pairsOf(appId: number): Promise<Pair[]>;
  /** Every row of an app with its creation time, in order. */
  rowsOf(appId: number): Promise<string[][]>;
  /** Sets the creation time of a contact, as text that Postgres parses. */
  setTime(appId: number, pair: Pair, time: string): Promise<void>;
  close(): Promise<void>;
}

export async function openStored(databaseUrl: string): Promise<Stored> {
  const client = await connectClient(databaseUrl);
  return {
    async pairsOf(appId) {
      const sql = "SELECT owner_id, contact_id FROM contact WHERE app_id = $1";
      const { rows } = await client.query<string[]>({
        text: sql,
        values: [appId],
        rowMode: "array",
      });
      return sortPairs(rows as unknown as Pair[]);
    },
    async rowsOf(appId) {
      const text =
        "SELECT owner_id, contact_id, created_at::text FROM contact WHERE app_id = $1 ORDER BY 1, 2";
      const { rows } = await client.query({ text, values: [appId], rowMode: "array" });
      return rows;
    },
    async setTime(appId, pair, time) {
      const text =
        "UPDATE contact SET created_at = $4 WHERE (app_id, owner_id, contact_id) = ($1, $2, $3)";
      const { rowCount } = await client.query(text, [appId, ...pair, time]);
      if (rowCount !== 1) throw new Error(`${pair} is not stored`);
    },
    close: () => client.end(),
  };
}
