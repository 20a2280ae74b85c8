import { setTimeout as sleep } from "node:timers/promises";
import { connectClient } from "../../support/database.ts";
import { idsOf, pairCount } from "./calls.ts";

/**
 * Locks pairs for a short time, as another application could. A transaction that waits for such a lock in its middle
 * lets the transactions of other processes run between its statements, on a machine of any speed.
 */
export interface PairLocks extends AsyncDisposable {
  /** Locks pairs of the history one after another. */
  disturb(history: string): Promise<void>;
}

const locksPerHistory = 3;
/** Shorter than a joined transaction waits for a lock, so that most transactions wait for its end. */
const longestLockMs = 40;

/** A pair that exists: a deletion of it waits. A pair that does not exist: an insertion of it waits. */
const lockings = {
  existing: `SELECT FROM contact WHERE app_id = (SELECT min(id) FROM app)
    AND owner_id = $1 AND contact_id = $2 FOR UPDATE`,
  missing: `INSERT INTO contact (app_id, owner_id, contact_id) SELECT min(id), $1, $2 FROM app
    ON CONFLICT DO NOTHING`,
};

export async function openPairLocks(databaseUrl: string): Promise<PairLocks> {
  let client = await connectClient(databaseUrl);

  async function lock(history: string): Promise<void> {
    const { owner, contact } = idsOf(Math.floor(Math.random() * pairCount), history);
    await client.query("BEGIN");
    const { rowCount } = await client.query(lockings.existing, [owner, contact]);
    if (rowCount === 0) await client.query(lockings.missing, [owner, contact]);
    await sleep(Math.random() * longestLockMs);
    await client.query("ROLLBACK");
  }

  return {
    async disturb(history) {
      for (let n = 0; n < locksPerHistory; n++) {
        await lock(history).catch(async () => {
          // The connection was cut.
          await client.end().catch(() => {});
          client = await connectClient(databaseUrl);
        });
      }
    },
    [Symbol.asyncDispose]: () => client.end(),
  };
}
