import type { CheckResult } from "../../contact/contact-store.ts";
import { ownerKey, PairMap } from "../../contact/pair-map.ts";
import type { Check, CreateChecks } from "../check-pairs.ts";
import { joinChecks } from "../check-pairs.ts";
import type { Pool } from "../database.ts";
import { encode } from "../encoded-statement.ts";
import { inReadTransaction } from "../read-transaction.ts";
import type { PairOfApp } from "./check-statements.ts";
import { checkStatement, groupByShard } from "./check-statements.ts";
import type { Shards } from "./shards.ts";

/**
 * Checks pairs that arrive together, with one statement for each shard. A first round trip finds the pairs. A second
 * one finds whether those that exist are mutual: their contacts have other shards.
 */
export function createDistributedChecks(shards: Shards): CreateChecks {
  return (options) => joinChecks(options, (checks) => runChecks(options.pool, shards, checks));
}

async function runChecks(
  pool: Pool,
  shards: Shards,
  checks: readonly Check[],
): Promise<readonly (readonly CheckResult[])[]> {
  const wanted = checks.flatMap(({ appId, pairs }) => pairs.map((pair) => ({ appId, ...pair })));
  const isStored = await findPairs(pool, shards, wanted);
  const isBack = await findPairs(pool, shards, wanted.filter(isStored).map(turn));
  return checks.map(({ appId, pairs }) =>
    pairs.map(({ ownerId, contactId }) => {
      const pair = { appId, ownerId, contactId };
      const isContact = isStored(pair);
      return { isContact, isMutual: isContact && isBack(turn(pair)) };
    }),
  );
}

/** The same pair the other way round. */
function turn({ appId, ownerId, contactId }: PairOfApp): PairOfApp {
  return { appId, ownerId: contactId, contactId: ownerId };
}

/** @returns a function that says whether one of the pairs exists */
async function findPairs(
  pool: Pool,
  shards: Shards,
  pairs: readonly PairOfApp[],
): Promise<(pair: PairOfApp) => boolean> {
  const found = new PairMap<true>();
  const groups = groupByShard(shards, pairs);
  if (groups.length > 0) {
    const results = await inReadTransaction(pool, groups.map(checkStatement).map(encode));
    for (const [n, rows] of results.entries()) {
      const appId = groups[n]?.[0]?.appId ?? 0;
      for (const [ownerId, contactId] of rows)
        found.set(ownerKey(appId, ownerId as string), contactId as string, true);
    }
  }
  return ({ appId, ownerId, contactId }) => found.has(ownerKey(appId, ownerId), contactId);
}
