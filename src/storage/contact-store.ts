import type { ContactStore } from "../contact/contact-store.ts";
import { createGroupCommit } from "../contact/group-commit.ts";
import { createBatchRunner } from "./batch-runner.ts";
import type { Pool } from "./database.ts";
import { createDatabaseOn } from "./database.ts";

export interface ContactStoreOptions {
  readonly pool: Pool;
  /** Longest a statement may run by default, in milliseconds, as the pool has it. */
  readonly statementTimeoutMs: number;
}

/** Two transactions under way keep the database busy while the next one gathers. */
const limits = {
  maxInFlight: 2,
  maxAlone: 2,
  maxPatient: 4,
  maxBatchEntries: 4_000,
  maxWaitingEntries: 1_000_000,
};

/** The contacts in Postgres; syncs that come at once share transactions. */
export function createContactStore({
  pool,
  statementTimeoutMs,
}: ContactStoreOptions): ContactStore {
  const db = createDatabaseOn(pool);
  return createGroupCommit({
    runBatch: createBatchRunner({ pool, db, statementTimeoutMs }),
    ...limits,
  });
}
