import pg from "pg";
import type { EncodedStatement, Rows } from "./encoded-statement.ts";

/** An option of the driver for one query. */
export interface QueryOptions {
  /** Milliseconds until the driver closes the connection; absent: the limit of the pool. */
  readonly query_timeout?: number;
}

/**
 * Runs the statements in one transaction, in one round trip. Postgres runs all statements between two Sync
 * messages in one transaction, and commits it at the second Sync message. If a statement fails, Postgres
 * skips the remaining statements and rolls back.
 *
 * @returns the rows of each statement
 * @throws the error of the driver for the first statement that fails
 */
export function runPipelined(
  client: pg.ClientBase,
  statements: readonly EncodedStatement[],
  options: QueryOptions = {},
): Promise<readonly Rows[]> {
  const outcome = Promise.withResolvers<readonly Rows[]>();
  client.query(new PipelinedTransaction(statements, outcome, options));
  return outcome.promise;
}

/** The driver prepares statements too, and knows only its own. The prefix keeps the names apart. */
function preparedName({ name }: EncodedStatement): string {
  return `pipelined_${name}`;
}

/** The names of the statements that each connection has prepared here. */
const prepared = new WeakMap<pg.Connection, Set<string>>();

/**
 * A query of several statements. The driver calls its methods when messages arrive. It extends `pg.Query`
 * because connections that pipeline accept no other queries.
 */
class PipelinedTransaction extends pg.Query {
  #statements: readonly EncodedStatement[];
  #rows: string[][][];
  #outcome: PromiseWithResolvers<readonly Rows[]> | undefined;
  #current = 0;
  /** The driver wraps it to add its time limit. */
  callback: (error: Error | null) => void;
  /** The driver reads it. */
  query_timeout: number | undefined;

  constructor(
    statements: readonly EncodedStatement[],
    outcome: PromiseWithResolvers<readonly Rows[]>,
    { query_timeout }: QueryOptions,
  ) {
    super("");
    this.query_timeout = query_timeout;
    this.#statements = statements;
    this.#rows = statements.map(() => []);
    this.#outcome = outcome;
    this.callback = this.#end.bind(this);
  }

  /** Releases everything: the wrapper of the driver keeps this object alive for a long time. */
  #end(error: Error | null): void {
    if (error === null) this.#outcome?.resolve(this.#rows);
    else this.#outcome?.reject(error);
    this.#outcome = undefined;
    this.#statements = [];
    this.#rows = [];
  }

  override submit = (connection: pg.Connection): void => {
    const known = prepared.get(connection) ?? new Set();
    prepared.set(connection, known);
    connection.stream.cork();
    for (const statement of this.#statements) {
      const { text, values } = statement;
      const name = preparedName(statement);
      if (!known.has(name)) {
        // A transaction that failed may have prepared it or not.
        connection.close({ type: "S", name }, true);
        connection.parse({ name, text, types: [] }, true);
      }
      connection.bind({ portal: "", statement: name, values: [...values] }, true);
      connection.execute({ portal: "" }, true);
    }
    connection.sync();
    connection.stream.uncork();
  };

  handleDataRow({ fields }: { readonly fields: string[] }): void {
    this.#rows[this.#current]?.push(fields);
  }

  handleCommandComplete(): void {
    this.#current += 1;
  }

  handleError(error: Error): void {
    this.callback(error);
  }

  handleReadyForQuery(connection: pg.Connection): void {
    for (const statement of this.#statements) {
      prepared.get(connection)?.add(preparedName(statement));
    }
    this.callback(null);
  }
}
