import pg from "pg";
import { withConnection } from "./connection.ts";

/** A statement that is prepared once on each connection, under its name. */
export interface Statement<Value = unknown> {
  readonly name: string;
  readonly text: string;
  readonly values: readonly Value[];
}

/** A statement whose values are written: as text, or as buffers in the binary format of their type. */
export type WrittenStatement = Statement<string | Buffer>;

/** The rows of a statement, their columns as text. */
export type Rows = readonly (readonly (string | null)[])[];

/**
 * Runs the statements in one transaction, all sent at once: one round trip. Postgres makes one
 * transaction of all that stands between two Sync messages, and ends it, by COMMIT or ROLLBACK, at the
 * second; where a statement fails it skips those behind it, so that nothing is half done.
 *
 * @returns the rows of each statement
 * @throws what the driver says of the first failure
 */
export function inPipelinedTransaction(
  pool: pg.Pool,
  statements: readonly WrittenStatement[],
): Promise<readonly Rows[]> {
  return withConnection(pool, (client) => {
    const outcome = Promise.withResolvers<readonly Rows[]>();
    client.query(new PipelinedTransaction(statements, outcome));
    return outcome.promise;
  });
}

/** Runs one statement, a transaction of its own. */
export async function runAlone(pool: pg.Pool, statement: WrittenStatement): Promise<Rows> {
  const [rows = []] = await inPipelinedTransaction(pool, [statement]);
  return rows;
}

/** The driver prepares statements too, and knows of its own alone: no name may be in both accounts. */
function preparedName({ name }: WrittenStatement): string {
  return `pipelined_${name}`;
}

/** What each connection has prepared. */
const prepared = new WeakMap<pg.Connection, Set<string>>();

/**
 * A query of several statements, as the driver takes it: it calls the methods as the messages come. A
 * class, because it takes queries of its own kind alone on connections that pipeline.
 */
class PipelinedTransaction extends pg.Query {
  #statements: readonly WrittenStatement[];
  #rows: string[][][];
  #outcome: PromiseWithResolvers<readonly Rows[]> | undefined;
  #current = 0;
  /** The driver puts its time limit around it. */
  callback: (error: Error | null) => void;

  constructor(
    statements: readonly WrittenStatement[],
    outcome: PromiseWithResolvers<readonly Rows[]>,
  ) {
    super("");
    this.#statements = statements;
    this.#rows = statements.map(() => []);
    this.#outcome = outcome;
    this.callback = this.#end.bind(this);
  }

  /** Lets go of everything: what the driver puts around the callback keeps this object for long. */
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
        // A transaction that failed may or may not have prepared it.
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
