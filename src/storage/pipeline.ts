import pg from "pg";
import type { EncodedStatement, Rows } from "./encoded-statement.ts";
import type { Session } from "./session.ts";
import { sessionOf } from "./session.ts";

export interface StatementResult {
  readonly rows: Rows;
  /** Number of rows read or changed, as the server reports it; NaN for statements of another kind. */
  readonly count: number;
}

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
 * @returns the result of each statement
 * @throws the error of the driver for the first statement that fails
 */
export function runPipelined(
  client: pg.ClientBase,
  statements: readonly EncodedStatement[],
  options: QueryOptions = {},
): Promise<readonly StatementResult[]> {
  const outcome = Promise.withResolvers<readonly StatementResult[]>();
  client.query(
    new PipelinedTransaction({ statements, session: sessionOf(client), outcome, options }),
  );
  return outcome.promise;
}

interface PipelinedOptions {
  readonly statements: readonly EncodedStatement[];
  readonly session: Session;
  readonly outcome: PromiseWithResolvers<readonly StatementResult[]>;
  readonly options: QueryOptions;
}

/**
 * A query of several statements. The driver calls its methods when messages arrive. It extends `pg.Query`
 * because connections that pipeline accept no other queries.
 */
class PipelinedTransaction extends pg.Query {
  #statements: readonly EncodedStatement[];
  #results: StatementResult[] = [];
  #rows: string[][] = [];
  #outcome: PromiseWithResolvers<readonly StatementResult[]> | undefined;
  readonly #prepared: Set<string> | undefined;
  /** The driver wraps it to add its time limit. */
  callback: (error: Error | null) => void;
  /** The driver reads it. */
  query_timeout: number | undefined;

  constructor({ statements, session, outcome, options }: PipelinedOptions) {
    super("");
    this.query_timeout = options.query_timeout;
    this.#statements = statements;
    this.#prepared = session.prepared;
    this.#outcome = outcome;
    this.callback = this.#end.bind(this);
  }

  /** Releases everything: the wrapper of the driver keeps this object alive for a long time. */
  #end(error: Error | null): void {
    if (error === null) this.#outcome?.resolve(this.#results);
    else this.#outcome?.reject(error);
    this.#outcome = undefined;
    this.#statements = [];
    this.#results = [];
    this.#rows = [];
  }

  override submit = (connection: pg.Connection): void => {
    const prepared = this.#prepared;
    let sent: Set<string> | undefined;
    connection.stream.cork();
    for (const statement of this.#statements) {
      const { text, values } = statement;
      const name = prepared === undefined ? "" : statement.name;
      if (!prepared?.has(name) && !sent?.has(name)) {
        // A transaction that failed may have prepared it or not.
        if (name !== "") {
          connection.close({ type: "S", name }, true);
          // PgBouncer loses responses if a pipeline prepares a name twice.
          sent = (sent ?? new Set()).add(name);
        }
        connection.parse({ name, text, types: [] }, true);
      }
      connection.bind({ portal: "", statement: name, values: [...values] }, true);
      connection.execute({ portal: "" }, true);
    }
    connection.sync();
    connection.stream.uncork();
  };

  handleDataRow({ fields }: { readonly fields: string[] }): void {
    this.#rows.push(fields);
  }

  /** The text ends with the number of rows, as in `INSERT 0 5`. */
  handleCommandComplete({ text }: { readonly text: string }): void {
    this.#results.push({
      rows: this.#rows,
      count: Number(text.slice(text.lastIndexOf(" ") + 1)),
    });
    this.#rows = [];
  }

  handleError(error: Error): void {
    this.callback(error);
  }

  handleReadyForQuery(): void {
    for (const { name } of this.#statements) if (name !== "") this.#prepared?.add(name);
    this.callback(null);
  }
}
