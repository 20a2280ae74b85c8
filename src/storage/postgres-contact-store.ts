import type { Backlog } from "../contact/backlog.ts";
import type { ContactStore } from "../contact/contact-store.ts";
import { createContactEraser } from "../contact/erase.ts";
import { createFairQueue } from "../contact/fair-queue.ts";
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
  /** Limits the pending syncs of each app. Absent: there is no limit. */
  readonly backlog?: Backlog;
  /** Most reads of whole lists in flight, each with a connection. */
  readonly maxLongReads?: number;
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
const replaceLimits = { maxInFlight: 2, maxPendingContacts: 1_000_000 };

/** Most reads of whole lists that one app may have pending. */
const maxPendingLongReads = 1_000;

/** Stores contacts in Postgres. Concurrent syncs share transactions. */
export function createPostgresContactStore({
  pool,
  replica,
  shards,
  timeoutMs,
  lockTimeoutMs,
  observer,
  backlog,
  maxLongReads = 5,
}: PostgresContactStoreOptions): ContactStore {
  const plain = createPlainShape(createDatabaseOn(pool), pool);
  const shape = shards === undefined ? plain : createDistributedShape(plain, { pool, shards });
  const readFrom = (from: Pool) =>
    createContactReader({
      pool: from,
      timeoutMs,
      statements: shape.reads,
      check: shape.check,
      observer,
      longReads: createFairQueue({ maxInFlight: maxLongReads, maxPending: maxPendingLongReads }),
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
  return {
    ...(backlog === undefined ? syncer : limitBacklog(syncer, backlog)),
    ...reader,
    ...observeReplacements(replacer, observer),
    ...createContactEraser({ reader, syncer }),
  };
}
