import type { Kysely } from "kysely";
import type { SyncGroups } from "../contact/sync-groups.ts";
import { oneGroup } from "../contact/sync-groups.ts";
import type { TransactBatch } from "./batch-transaction.ts";
import { createBatchTransaction } from "./batch-transaction.ts";
import type { CreateChecks } from "./check-pairs.ts";
import { createPairChecks } from "./check-pairs.ts";
import type { Pool } from "./database.ts";
import type { EncodedStatement } from "./encoded-statement.ts";
import type { ReadStatements } from "./read-statements.ts";
import { createReadStatements } from "./read-statements.ts";
import type { ReplaceStatements } from "./replace-statements.ts";
import { createReplaceStatements } from "./replace-statements.ts";
import type { Database } from "./schema.ts";
import { createSyncStatements } from "./sync-statements.ts";

/** What the store runs in the database. A distributed table needs statements of another shape. */
export interface ContactShape {
  readonly reads: ReadStatements;
  readonly createChecks: CreateChecks;
  readonly replacements: ReplaceStatements;
  /** What a replacement needs before it reads the list of an owner. */
  openingOf(ownerId: string): readonly EncodedStatement[];
  readonly transact: TransactBatch;
  /** Which syncs can share a transaction. */
  readonly groups: SyncGroups;
  /** Most joined transactions in flight. With two, the database stays busy while the next batch is collected. */
  readonly maxInFlight: number;
  /** Longest that a joined transaction waits for one lock, in milliseconds. */
  readonly lockTimeoutMs: number;
}

/** The shape for a table on one server. */
export function createPlainShape(db: Kysely<Database>, pool: Pool): ContactShape {
  const reads = createReadStatements(db);
  return {
    reads,
    createChecks: createPairChecks(reads),
    replacements: createReplaceStatements(db),
    openingOf: () => [],
    transact: createBatchTransaction({ pool, statements: createSyncStatements(db) }),
    groups: oneGroup,
    maxInFlight: 2,
    lockTimeoutMs: 100,
  };
}
