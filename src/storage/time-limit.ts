import type { EncodedStatement } from "./encoded-statement.ts";

/**
 * Limits the duration of each later statement of the transaction, and lets it wait for locks all of that
 * time.
 */
export function limitStatements(milliseconds: number): EncodedStatement {
  const limit = Math.max(1, Math.ceil(milliseconds));
  return {
    name: "limit_statements",
    text: "SELECT set_config('lock_timeout', '0', true), set_config('statement_timeout', $1, true)",
    values: [String(limit)],
  };
}
