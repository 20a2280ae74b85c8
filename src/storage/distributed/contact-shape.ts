import { createSyncGroups } from "../../contact/sync-groups.ts";
import type { ContactShape } from "../contact-shape.ts";
import type { Pool } from "../database.ts";
import { createDistributedBatch } from "./batch-transaction.ts";
import { createDistributedChecks } from "./check-pairs.ts";
import { openWrite } from "./owner-locks.ts";
import { createDistributedReads } from "./read-statements.ts";
import { createDistributedReplacements } from "./replace-statements.ts";
import type { Shards } from "./shards.ts";

/** Transactions in flight for each node: the coordinator plans the statements of one while the node runs another's. */
const perNode = 3;
const mostInFlight = 6;

/** The group of syncs that change several nodes. */
const spanning = -1;

/** The shape for a distributed table. Syncs of one node share transactions, and so do those of several nodes. */
export function createDistributedShape(
  plain: ContactShape,
  { pool, shards }: { readonly pool: Pool; readonly shards: Shards },
): ContactShape {
  const nodeOf = (ownerId: string) => shards.nodeOf(shards.shardOf(ownerId));
  return {
    reads: createDistributedReads(plain.reads),
    createChecks: createDistributedChecks(shards),
    replacements: createDistributedReplacements(plain.replacements),
    openingOf: (ownerId) => openWrite([ownerId], 0),
    transact: createDistributedBatch({ pool, shards }),
    groups: createSyncGroups((entries) => {
      const node = nodeOf(entries[0]?.ownerId ?? "");
      return entries.every(({ ownerId }) => nodeOf(ownerId) === node) ? node : spanning;
    }),
    maxInFlight: Math.min(perNode * shards.nodes, mostInFlight),
    // Transactions of the same owners wait for each other, and the longest change many shards.
    lockTimeoutMs: 1_000,
  };
}
