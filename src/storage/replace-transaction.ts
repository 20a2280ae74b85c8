import type { Pool } from "./database.ts";
import type { EncodedStatement } from "./encoded-statement.ts";
import { encode } from "./encoded-statement.ts";
import { commit, rollback } from "./isolation.ts";
import type { StatementResult } from "./pipeline.ts";
import { runPipelined } from "./pipeline.ts";
import { sessionOf } from "./session.ts";
import type { Statement } from "./statement.ts";
import { limitTransaction } from "./transaction-limits.ts";
import type { WriteOptions } from "./write-connection.ts";
import { withoutQueryTimeout, withWriteConnection } from "./write-connection.ts";

type Results<S extends readonly Statement[]> = { [N in keyof S]: StatementResult };

/** The steps of a transaction. Each is one round trip. */
export interface Transaction {
  run<const S extends readonly Statement[]>(statements: S): Promise<Results<S>>;
  /** Runs the last statements, and commits. */
  commit<const S extends readonly Statement[]>(statements: S): Promise<Results<S>>;
}

export interface ReplaceOptions extends WriteOptions {
  /** What the transaction needs before it reads anything. */
  readonly opening: readonly EncodedStatement[];
}

/**
 * Runs a serializable transaction.
 *
 * @param work must commit; if it throws, the transaction is rolled back
 * @throws what `work` throws, or the error of the driver
 */
export function inReplaceTransaction<T>(
  pool: Pool,
  options: ReplaceOptions,
  work: (transaction: Transaction) => Promise<T>,
): Promise<T> {
  return withWriteConnection(pool, options, async (client, budgetMs) => {
    const { begin, beginInTurn } = sessionOf(client).openings;
    const limits = limitTransaction({ budgetMs });
    let opening = [...(options.takesTurn ? beginInTurn : begin), limits, ...options.opening];

    async function run(
      statements: readonly Statement[],
      closing: readonly EncodedStatement[] = [],
    ) {
      const before = opening;
      opening = [];
      const all = [...before, ...statements.map(encode), ...closing];
      const results = await runPipelined(client, all, withoutQueryTimeout);
      return results.slice(before.length, before.length + statements.length);
    }

    try {
      return await work({
        run: (statements) => run(statements) as Promise<Results<typeof statements>>,
        commit: (statements) => run(statements, [commit]) as Promise<Results<typeof statements>>,
      });
    } catch (error) {
      // If this fails too, the connection is closed, which also rolls back.
      await runPipelined(client, [rollback], withoutQueryTimeout).catch(() => {});
      throw error;
    }
  });
}
