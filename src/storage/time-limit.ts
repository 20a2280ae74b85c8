import type { WrittenStatement } from "./pipeline.ts";

/**
 * Gives each later statement of the transaction so many milliseconds, and lets it spend all of them
 * waiting for locks.
 */
export function limitStatements(milliseconds: number): WrittenStatement {
  const limit = Math.max(1, Math.ceil(milliseconds));
  return {
    name: "limit_statements",
    text: "SELECT set_config('lock_timeout', '0', true), set_config('statement_timeout', $1, true)",
    values: [String(limit)],
  };
}
