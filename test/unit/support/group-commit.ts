import { setImmediate as nextTick } from "node:timers/promises";
import { createEventLoopTurns } from "../../../src/contact/event-loop-turns.ts";
import type { GroupCommitOptions } from "../../../src/contact/group-commit.ts";
import { createGroupCommit } from "../../../src/contact/group-commit.ts";
import type { OnLost, RunBatch } from "../../../src/contact/run-batch.ts";
import { applyBatch } from "../../support/sync-model.ts";

export const signal = new AbortController().signal;
/** The entries of a sync that adds one contact. */
export const add = (ownerId: string) => [{ ownerId, contactId: "x", isDeleted: false }];

/**
 * Waits until all transactions that can begin have begun. They are scheduled in one turn of the event loop,
 * and begin in the next.
 */
export async function allBegun(): Promise<void> {
  await nextTick();
  await nextTick();
}

/** A group commit with limits that no test reaches by chance. */
export function createTestGroupCommit(
  runBatch: RunBatch,
  options: Partial<GroupCommitOptions> = {},
) {
  return createGroupCommit({
    runBatch,
    maxInFlight: 2,
    maxRetriesInFlight: 1,
    maxLockWaitsInFlight: 2,
    maxBatchEntries: 100,
    lingerMs: 60_000,
    maxBackoffMs: 1,
    lostWaitMs: 60_000,
    nextTurn: createEventLoopTurns(),
    ...options,
  });
}

/** A transaction. The test decides how it ends. */
export interface Run {
  readonly owners: string[];
  readonly waitsForLocks: boolean;
  readonly takesTurn: boolean;
  readonly onLost: OnLost;
  conflict(): void;
  end(error?: unknown): void;
}

/** A runner whose transactions end when the test ends them. */
export function createManualRunner(rows = new Set<string>()) {
  const runs: Run[] = [];
  const runBatch: RunBatch = (batch, { waitsForLocks, takesTurn }, onLost) =>
    new Promise((resolve, reject) => {
      runs.push({
        owners: batch.requests.flatMap(({ entries }) => entries.map(({ ownerId }) => ownerId)),
        waitsForLocks,
        takesTurn,
        onLost,
        conflict: () => resolve(undefined),
        end: (error) => (error ? reject(error) : resolve(applyBatch(rows, batch))),
      });
    });
  return { runs, runBatch };
}
