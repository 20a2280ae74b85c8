import type { ContactReplacer, StoreOptions } from "../contact/contact-store.ts";
import { createOwnerQueue } from "../contact/owner-queue.ts";
import type { ReplaceCounts } from "../contact/replacement.ts";
import { createTurns } from "../contact/turns.ts";
import { fault } from "../errors.ts";
import type { Pool } from "./database.ts";
import type { EncodedStatement } from "./encoded-statement.ts";
import type { ReadStatements } from "./read-statements.ts";
import type { ReplaceStatements, WantedList } from "./replace-statements.ts";
import type { Transaction } from "./replace-transaction.ts";
import { inReplaceTransaction } from "./replace-transaction.ts";
import { withRetries } from "./transaction.ts";

export interface ContactReplacerOptions {
  readonly pool: Pool;
  /** Longest that a transaction may take, in milliseconds. */
  readonly timeoutMs: number;
  readonly statements: ReplaceStatements & Pick<ReadStatements, "fingerprint">;
  /** What a transaction needs before it reads the list of an owner. */
  readonly openingOf: (ownerId: string) => readonly EncodedStatement[];
  /** Most replacements in flight, each with a connection. */
  readonly maxInFlight: number;
}

/**
 * Replaces lists in Postgres, each in a transaction of its own. Apps share what can run at once. The
 * replacements of one list run one after another, as they would conflict. A replacement whose caller
 * disconnects while it waits is never run.
 */
export function createContactReplacer(options: ContactReplacerOptions): ContactReplacer {
  const { pool, timeoutMs, statements, maxInFlight } = options;
  const turns = createTurns();
  const queue = createOwnerQueue({ maxInFlight });

  async function expectFingerprint(transaction: Transaction, list: WantedList, expected: string) {
    const [{ rows }] = await transaction.run([statements.fingerprint(list.appId, list.ownerId)]);
    if (rows[0]?.[0] !== expected) throw fault("FINGERPRINT_MISMATCH");
  }

  async function compare(transaction: Transaction, list: WantedList): Promise<ReplaceCounts> {
    const [{ rows }] = await transaction.commit([statements.compare(list)]);
    const [contacts, unchanged] = (rows[0] ?? []).map(Number) as [number, number];
    return {
      inserted: list.contactIds.length - unchanged,
      deleted: contacts - unchanged,
      unchanged,
    };
  }

  async function write(transaction: Transaction, list: WantedList): Promise<ReplaceCounts> {
    const insertions = statements.insert(list);
    const results = await transaction.commit([...insertions, statements.deleteOthers(list)]);
    const inserted = results.slice(0, -1).reduce((sum, { count }) => sum + count, 0);
    return {
      inserted,
      deleted: results.at(-1)?.count ?? 0,
      unchanged: list.contactIds.length - inserted,
    };
  }

  return {
    async replace(appId, ownerId, replacement, { signal, timeLeftMs }: StoreOptions) {
      const { contactIds, isDryRun, expectedFingerprint } = replacement;
      signal.throwIfAborted();
      const leave = await queue.enter({ appId, ownerId, amount: contactIds.length + 1 });
      let ended: Promise<void> | undefined;
      const onLost = (promise: Promise<void>) => {
        ended = promise;
      };
      try {
        const list = { appId, ownerId, contactIds: [...new Set(contactIds)].sort() };
        const endsAt = performance.now() + Math.min(timeLeftMs?.() ?? Infinity, timeoutMs);
        const counts = await withRetries({ signal, endsAt }, (conflicts) => {
          if (conflicts > 0) turns.noteConflict();
          const takesTurn = turns.areTaken;
          const writing = {
            endsAt,
            takesTurn,
            signal,
            onLost,
            opening: options.openingOf(ownerId),
          };
          return inReplaceTransaction(pool, writing, async (transaction) => {
            signal.throwIfAborted();
            if (expectedFingerprint !== undefined) {
              await expectFingerprint(transaction, list, expectedFingerprint);
              signal.throwIfAborted();
            }
            return isDryRun ? compare(transaction, list) : write(transaction, list);
          });
        });
        turns.noteCommit();
        return counts;
      } finally {
        void Promise.resolve(ended).then(leave);
      }
    },
  };
}
