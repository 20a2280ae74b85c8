import type pg from "pg";
import type { ContactReplacer } from "../contact/contact-store.ts";
import type { ReplaceCounts } from "../contact/replacement.ts";
import { fault } from "../errors.ts";
import type { Pool } from "./database.ts";
import { inOwnerTransaction } from "./owner-transaction.ts";
import type { ReadStatements } from "./read-statements.ts";
import type { ReplaceStatements, WantedList } from "./replace-statements.ts";
import { runStatement, runStatements } from "./run-statement.ts";
import { createSemaphore } from "./semaphore.ts";
import { withRetries } from "./transaction.ts";

export interface ContactReplacerOptions {
  readonly pool: Pool;
  /** Longest that a statement may run by default, in milliseconds. A transaction may have less, not more. */
  readonly statementTimeoutMs: number;
  readonly statements: ReplaceStatements & Pick<ReadStatements, "fingerprint">;
  /** Most replacements in flight, each with a connection. */
  readonly maxInFlight: number;
  /** Most contacts in pending replacements. Replacements beyond this limit are rejected. */
  readonly maxPendingContacts: number;
}

/**
 * Replaces lists in Postgres, each in a transaction that holds the lock of the list. Pending replacements
 * wait in the order of their arrival. A replacement whose caller disconnects while it waits is never run.
 */
export function createContactReplacer(options: ContactReplacerOptions): ContactReplacer {
  const { pool, statementTimeoutMs, statements, maxInFlight, maxPendingContacts } = options;
  const turns = createSemaphore(maxInFlight);
  let pendingContacts = 0;

  async function waitForTurn(contacts: number): Promise<void> {
    if (pendingContacts > 0 && pendingContacts + contacts > maxPendingContacts) {
      throw fault("OVERLOADED");
    }
    pendingContacts += contacts;
    await turns.acquire();
    pendingContacts -= contacts;
  }

  async function expectFingerprint(client: pg.PoolClient, list: WantedList, expected: string) {
    const { rows } = await runStatement(client, statements.fingerprint(list.appId, list.ownerId));
    if (rows[0]?.[0] !== expected) throw fault("FINGERPRINT_MISMATCH");
  }

  async function compare(client: pg.PoolClient, list: WantedList): Promise<ReplaceCounts> {
    const { rows } = await runStatement(client, statements.compare(list));
    const [contacts, unchanged] = (rows[0] ?? []).map(Number) as [number, number];
    return {
      inserted: list.contactIds.length - unchanged,
      deleted: contacts - unchanged,
      unchanged,
    };
  }

  async function write(client: pg.PoolClient, list: WantedList): Promise<ReplaceCounts> {
    const [inserted, deleted] = await runStatements(client, [
      statements.insert(list),
      statements.deleteOthers(list),
    ]);
    return {
      inserted: inserted.count,
      deleted: deleted.count,
      unchanged: list.contactIds.length - inserted.count,
    };
  }

  return {
    async replace(appId, ownerId, replacement, { signal, timeLeftMs = () => undefined }) {
      const { contactIds, isDryRun, expectedFingerprint } = replacement;
      signal.throwIfAborted();
      await waitForTurn(contactIds.length + 1);
      try {
        const list = { appId, ownerId, contactIds: [...new Set(contactIds)].sort() };
        return await withRetries(async () => {
          signal.throwIfAborted();
          const statementMs = Math.min(timeLeftMs() ?? Infinity, statementTimeoutMs);
          return inOwnerTransaction({ pool, appId, ownerId, statementMs }, async (client) => {
            signal.throwIfAborted();
            if (expectedFingerprint !== undefined) {
              await expectFingerprint(client, list, expectedFingerprint);
              signal.throwIfAborted();
            }
            return isDryRun ? compare(client, list) : write(client, list);
          });
        });
      } finally {
        turns.release();
      }
    },
  };
}
