import type { Batch, BatchReport } from "./batch.ts";
import { shareResults } from "./batch.ts";
import type { PendingSync } from "./pending-sync.ts";

/** Gives each request of a batch its result. */
export function settle(batch: Batch<PendingSync>, report: BatchReport): void {
  shareResults(batch, report).forEach((result, n) => {
    batch.requests[n]?.result.resolve(result);
  });
}
