import type { CheckResult, ContactPair } from "../contact/contact-store.ts";
import type { Rows } from "./encoded-statement.ts";
import type { ReadStatements } from "./read-statements.ts";
import type { Statement } from "./statement.ts";

/** Checks pairs. `read` runs a statement that is short for all values. */
export type CheckPairs = (
  read: (statement: Statement) => Promise<Rows>,
  appId: number,
  pairs: readonly ContactPair[],
) => Promise<readonly CheckResult[]>;

/** Checks all pairs with one statement. */
export function createPairChecks(statements: Pick<ReadStatements, "check">): CheckPairs {
  return async (read, appId, pairs) => {
    const [row = []] = await read(statements.check(appId, pairs));
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
