import type { ContactStore } from "../contact/contact-store.ts";
import { createContactEraser } from "../contact/erase.ts";
import { createGroupCommit } from "../contact/group-commit.ts";
import { createBatchRunner } from "./batch-runner.ts";
import { createContactReader } from "./contact-reader.ts";
import { createContactReplacer } from "./contact-replacer.ts";
import type { Pool } from "./database.ts";
import { createDatabaseOn } from "./database.ts";
import { createReadStatements } from "./read-statements.ts";
import { createReplaceStatements } from "./replace-statements.ts";

export interface ContactStoreOptions {
  readonly pool: Pool;
  /** Longest a statement may run by default, in milliseconds, as the pool has it. */
  readonly statementTimeoutMs: number;
}

/** Two transactions under way keep the database busy while the next one gathers. */
const syncLimits = {
  maxInFlight: 2,
  maxAlone: 2,
  maxPatient: 4,
  maxBatchEntries: 4_000,
  maxWaitingEntries: 1_000_000,
  maxGatherMs: 5,
};

/** A replacement may wait long for its list: most connections stay free for other calls. */
const replaceLimits = { maxInFlight: 2, maxWaitingContacts: 1_000_000 };

/** The contacts in Postgres; syncs that come at once share transactions. */
export function createContactStore({
  pool,
  statementTimeoutMs,
}: ContactStoreOptions): ContactStore {
  const db = createDatabaseOn(pool);
  const reads = createReadStatements(db);
  const reader = createContactReader({ pool, statements: reads });
  const syncer = createGroupCommit({
    runBatch: createBatchRunner({ pool, db, statementTimeoutMs }),
    ...syncLimits,
  });
  const replacer = createContactReplacer({
    pool,
    statementTimeoutMs,
    statements: { ...reads, ...createReplaceStatements(db) },
    ...replaceLimits,
  });
  return { ...syncer, ...reader, ...replacer, ...createContactEraser({ reader, syncer }) };
}
