import type { EncodedStatement } from "./encoded-statement.ts";
import { statementText } from "./statement.ts";

export interface TransactionLimits {
  /** Milliseconds for the whole transaction. */
  readonly budgetMs: number;
  /** Longest wait for one lock, in milliseconds. If absent, only the budget limits it. */
  readonly lockTimeoutMs?: number | undefined;
}

/** How often Postgres looks whether this process is still connected, in milliseconds. */
const connectionCheckMs = 100;
/**
 * `transaction_timeout` closes the connection, so the other limits come first. Postgres has it from version
 * 17 on. Before, the budget is the limit of each statement, and this process cancels the transaction.
 */
const transactionTimeoutSlackMs = 100;

/** Returns no row, so there is nothing to send and to parse. A server on Windows has no connection check. */
const limit = statementText(
  "limit_transaction",
  `
  SELECT WHERE 0 = num_nonnulls(
    set_config('lock_timeout', $1, true),
    set_config('statement_timeout', $2, true),
    CASE WHEN current_setting('transaction_timeout', true) IS NOT NULL
      THEN set_config('transaction_timeout', $3, true) END,
    CASE WHEN current_setting('client_connection_check_interval', true) IS NOT NULL
        AND current_setting('dynamic_shared_memory_type') <> 'windows'
      THEN set_config('client_connection_check_interval', '${connectionCheckMs}', true) END)`,
);

/** Limits the rest of the transaction in the database. The limits hold even if this process has died. */
export function limitTransaction(limits: TransactionLimits): EncodedStatement {
  const budgetMs = Math.max(1, Math.ceil(limits.budgetMs));
  const lockTimeoutMs = limits.lockTimeoutMs ?? 0;
  return {
    ...limit,
    values: [String(lockTimeoutMs), String(budgetMs), String(budgetMs + transactionTimeoutSlackMs)],
  };
}
