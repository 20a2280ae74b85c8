import type { CheckResult, ContactPair, StoreOptions } from "../contact/contact-store.ts";
import type { StoreObserver } from "../contact/store-observer.ts";
import type { Pool } from "./database.ts";
import type { Rows } from "./encoded-statement.ts";
import type { ReadStatements } from "./read-statements.ts";
import type { Statement } from "./statement.ts";

export type CheckPairs = (
  appId: number,
  pairs: readonly ContactPair[],
  call: StoreOptions,
) => Promise<readonly CheckResult[]>;

/** What a reader gives to its checks. */
export interface CheckOptions {
  readonly pool: Pool;
  /** Runs a statement that is short for all values, with others in one round trip. */
  readonly readJoined: (
    appId: number,
    amount: number,
    statement: Statement,
    call: StoreOptions,
  ) => Promise<Rows>;
  /** Retries a read until the deadline of the call. */
  readonly retry: <Result>(call: StoreOptions, read: () => Promise<Result>) => Promise<Result>;
  readonly observer?: Pick<StoreObserver, "onReads"> | undefined;
}

export type CreateChecks = (options: CheckOptions) => CheckPairs;

/** Checks all pairs of a call with one statement. */
export function createPairChecks(statements: Pick<ReadStatements, "check">): CreateChecks {
  return ({ readJoined }) =>
    async (appId, pairs, call) => {
      const statement = statements.check(appId, pairs);
      const [row = []] = await readJoined(appId, pairs.length, statement, call);
      return parseChecks(row[0] ?? null, pairs.length);
    };
}

function parseChecks(found: string | null, count: number): CheckResult[] {
  const results = Array.from({ length: count }, () => ({ isContact: false, isMutual: false }));
  for (const position of found?.split(",") ?? []) {
    results[Number.parseInt(position, 10) - 1] = {
      isContact: true,
      isMutual: position.endsWith("m"),
    };
  }
  return results;
}
