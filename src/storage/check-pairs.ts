import type { CheckResult, ContactPair, StoreOptions } from "../contact/contact-store.ts";
import type { StoreObserver } from "../contact/store-observer.ts";
import type { Pool } from "./database.ts";
import { encode } from "./encoded-statement.ts";
import type { JoinableRead } from "./join-reads.ts";
import { joinReads } from "./join-reads.ts";
import type { ReadStatements } from "./read-statements.ts";
import { inReadTransaction } from "./read-transaction.ts";

export type CheckPairs = (
  appId: number,
  pairs: readonly ContactPair[],
  call: StoreOptions,
) => Promise<readonly CheckResult[]>;

/** What a reader gives to its checks. */
export interface CheckOptions {
  readonly pool: Pool;
  /** Retries a read until the deadline of the call. */
  readonly retry: <Result>(call: StoreOptions, read: () => Promise<Result>) => Promise<Result>;
  readonly observer?: Pick<StoreObserver, "onReads"> | undefined;
}

export type CreateChecks = (options: CheckOptions) => CheckPairs;

/** The pairs of a call. */
export interface Check extends JoinableRead {
  readonly pairs: readonly ContactPair[];
}

/** Runs checks in one round trip, and returns the results of each. */
type RunChecks = (checks: readonly Check[]) => Promise<readonly (readonly CheckResult[])[]>;

/** More than of other reads, as checks share a statement. The unit of amounts is a pair. */
const limits = { maxInFlight: 4, maxReads: 64, maxAmount: 1_000 };

/** Lets checks that arrive together share a round trip. */
export function joinChecks({ retry, observer }: CheckOptions, runAll: RunChecks): CheckPairs {
  const join = joinReads<Check, readonly CheckResult[]>({
    ...limits,
    observer,
    runAll,
    async runAlone(check) {
      check.signal.throwIfAborted();
      const [results = []] = await runAll([check]);
      return results;
    },
  });
  return (appId, pairs, call) =>
    retry(call, () => join({ appId, amount: pairs.length, pairs, signal: call.signal }));
}

/** Checks that arrive together share a statement for each app: it costs more than a few more pairs. */
export function createPairChecks(statements: Pick<ReadStatements, "check">): CreateChecks {
  return (options) => joinChecks(options, (checks) => runChecks(options.pool, statements, checks));
}

async function runChecks(
  pool: Pool,
  statements: Pick<ReadStatements, "check">,
  checks: readonly Check[],
): Promise<readonly (readonly CheckResult[])[]> {
  const groups = [...Map.groupBy(checks, ({ appId }) => appId)].map(
    ([appId, ofApp]) => [appId, ofApp.flatMap(({ pairs }) => pairs)] as const,
  );
  const rows = await inReadTransaction(
    pool,
    groups.map(([appId, pairs]) => encode(statements.check(appId, pairs))),
  );
  const resultsOf = new Map(
    groups.map(([appId, pairs], n) => [appId, parseResults(rows[n]?.[0]?.[0], pairs.length)]),
  );
  // The checks of an app are in the order of its results.
  return checks.map(({ appId, pairs }) => resultsOf.get(appId)?.splice(0, pairs.length) ?? []);
}

function parseResults(found: string | null | undefined, count: number): CheckResult[] {
  const results = Array.from({ length: count }, () => ({ isContact: false, isMutual: false }));
  for (const position of found?.split(",") ?? []) {
    results[Number.parseInt(position, 10) - 1] = {
      isContact: true,
      isMutual: position.endsWith("m"),
    };
  }
  return results;
}
