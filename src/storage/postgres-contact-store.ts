import type { Backlogs } from "../contact/backlogs.ts";
import { createBacklogs } from "../contact/backlogs.ts";
import type { ContactStore } from "../contact/contact-store.ts";
import { createContactEraser } from "../contact/erase.ts";
import type { EventLoopTurns } from "../contact/event-loop-turns.ts";
import { createEventLoopTurns } from "../contact/event-loop-turns.ts";
import { createFairTasks } from "../contact/fair-tasks.ts";
import { createGroupCommit } from "../contact/group-commit.ts";
import { limitBacklog } from "../contact/limit-backlog.ts";
import type { StoreObserver } from "../contact/store-observer.ts";
import { observeReplacements, observeTransactions } from "../contact/store-observer.ts";
import { createBatchRunner } from "./batch-runner.ts";
import { createContactReader } from "./contact-reader.ts";
import { createContactReplacer } from "./contact-replacer.ts";
import type { Pool } from "./database.ts";
import { createDatabaseOn } from "./database.ts";
import { createReadStatements } from "./read-statements.ts";
import { createReplaceStatements } from "./replace-statements.ts";
import type { Replica } from "./replica.ts";
import { createStaleReads } from "./stale-reads.ts";
import { createSyncStatements } from "./sync-statements.ts";
import { maxBackoffMs } from "./transaction.ts";

export interface PostgresContactStoreOptions {
  readonly pool: Pool;
  /** Answers reads that may be stale. Absent: the primary answers all reads. */
  readonly replica?: Replica | undefined;
  /** Longest that a transaction may take, in milliseconds. */
  readonly timeoutMs: number;
  /** Longest that a joined transaction waits for one lock, in milliseconds. */
  readonly lockTimeoutMs?: number;
  readonly observer?: StoreObserver | undefined;
  /** Limit the pending work of each app. Absent: its own. */
  readonly backlogs?: Backlogs;
  /** Most reads of whole lists in flight, each with a connection. */
  readonly maxLongReads?: number;
  /** The turns of the event loop in which large transactions are planned. Absent: its own. */
  readonly nextTurn?: EventLoopTurns;
}

/** With two transactions in flight the database stays busy while the next batch is collected. */
const syncLimits = {
  maxInFlight: 2,
  maxRetriesInFlight: 2,
  maxLockWaitsInFlight: 4,
  maxBatchEntries: 4_000,
  lingerMs: 5,
  maxBackoffMs,
  lostWaitMs: 500,
};

/** A replacement may wait long for locks, so most connections stay free for other calls. */
const replaceLimits = { maxInFlight: 2 };

/** Stores contacts in Postgres. Concurrent syncs share transactions. */
export function createPostgresContactStore({
  pool,
  replica,
  timeoutMs,
  lockTimeoutMs = 100,
  observer,
  backlogs = createBacklogs(),
  maxLongReads = 5,
  nextTurn = createEventLoopTurns(),
}: PostgresContactStoreOptions): ContactStore {
  const db = createDatabaseOn(pool);
  const reads = createReadStatements(db);
  const readFrom = (from: Pool) =>
    createContactReader({
      pool: from,
      timeoutMs,
      statements: reads,
      observer,
      longReads: createFairTasks({ maxInFlight: maxLongReads }),
    });
  const primary = readFrom(pool);
  const reader =
    replica === undefined
      ? primary
      : createStaleReads({ primary, stale: readFrom(replica.pool), replica });
  const syncer = createGroupCommit({
    runBatch: observeTransactions(
      createBatchRunner({
        pool,
        timeoutMs,
        lockTimeoutMs,
        statements: createSyncStatements(db),
      }),
      observer,
    ),
    nextTurn,
    observer,
    ...syncLimits,
  });
  const replacer = createContactReplacer({
    pool,
    timeoutMs,
    statements: { ...reads, ...createReplaceStatements(db) },
    ...replaceLimits,
  });
  observer?.watchBacklogs(backlogs);
  const observed = { ...syncer, ...reader, ...observeReplacements(replacer, observer) };
  return {
    ...limitBacklog(observed, backlogs),
    ...createContactEraser({ reader, syncer }),
  };
}
