import pg from "pg";
import type { Pair } from "./model.ts";
import { sortPairs } from "./model.ts";

/** Looks at what a service has really stored, past its interfaces. */
export interface Stored {
  /** Every pair of an app, sorted. */
  pairsOf(appId: number): Promise<Pair[]>;
  close(): Promise<void>;
}

export async function openStored(databaseUrl: string): Promise<Stored> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
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
    close: () => client.end(),
  };
}
