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
import { createPlainShape } from "./contact-shape.ts";
import type { Pool } from "./database.ts";
import { createDatabaseOn } from "./database.ts";
import { createDistributedShape } from "./distributed/contact-shape.ts";
import type { Shards } from "./distributed/shards.ts";
import type { Replica } from "./replica.ts";
import { createStaleReads } from "./stale-reads.ts";
import { maxBackoffMs } from "./transaction.ts";

export interface PostgresContactStoreOptions {
  readonly pool: Pool;
  /** Answers reads that may be stale. Absent: the primary answers all reads. */
  readonly replica?: Replica | undefined;
  /** Where contacts are if the table is distributed. Absent: it is not. */
  readonly shards?: Shards | undefined;
  /** Longest that a transaction may take, in milliseconds. */
  readonly timeoutMs: number;
  /** Longest that a joined transaction waits for one lock, in milliseconds. Absent: what fits the database. */
  readonly lockTimeoutMs?: number;
  readonly observer?: StoreObserver | undefined;
  /** Limit the pending work of each app. Absent: its own. */
  readonly backlogs?: Backlogs;
  /** Most reads of whole lists in flight, each with a connection. */
  readonly maxLongReads?: number;
  /** The turns of the event loop in which large transactions are planned. Absent: its own. */
  readonly nextTurn?: EventLoopTurns;
}

const syncLimits = {
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
  shards,
  timeoutMs,
  lockTimeoutMs,
  observer,
  backlogs = createBacklogs(),
  maxLongReads = 5,
  nextTurn = createEventLoopTurns(),
}: PostgresContactStoreOptions): ContactStore {
  const plain = createPlainShape(createDatabaseOn(pool), pool);
  const shape = shards === undefined ? plain : createDistributedShape(plain, { pool, shards });
  const readFrom = (from: Pool) =>
    createContactReader({
      pool: from,
      timeoutMs,
      statements: shape.reads,
      createChecks: shape.createChecks,
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
        transact: shape.transact,
        timeoutMs,
        lockTimeoutMs: lockTimeoutMs ?? shape.lockTimeoutMs,
      }),
      observer,
    ),
    groups: shape.groups,
    maxInFlight: shape.maxInFlight,
    nextTurn,
    observer,
    ...syncLimits,
  });
  const replacer = createContactReplacer({
    pool,
    timeoutMs,
    statements: { ...shape.reads, ...shape.replacements },
    openingOf: shape.openingOf,
    ...replaceLimits,
  });
  observer?.watchBacklogs(backlogs);
  const observed = { ...syncer, ...reader, ...observeReplacements(replacer, observer) };
  return {
    ...limitBacklog(observed, backlogs),
    ...createContactEraser({ reader, syncer }),
  };
}
