import type { Pool } from "./database.ts";

/** An answer is used again for this long after its question, in milliseconds. */
const freshMs = 1_000;
/** A database that takes longer to answer does not count as ready, in milliseconds. */
const patienceMs = 1_000;

const question = `
  SELECT pg_is_in_recovery() OR current_setting('transaction_read_only')::boolean AS read_only`;

/** `unreachable`: it did not answer in time. `read-only`: it is not a primary that takes writes. */
export type DatabaseState = "ready" | "unreachable" | "read-only";

/**
 * Whether the database is a primary that takes writes. Asks it at most once a second, however often the
 * function is called, and answers within a second.
 *
 * Closes the connections of the pool where they lead to a server that takes no writes, so that the next
 * ones find the primary.
 */
export function createReadiness({ pool }: { readonly pool: Pool }): () => Promise<DatabaseState> {
  let askedAt = Number.NEGATIVE_INFINITY;
  let answer: Promise<DatabaseState> = Promise.resolve("unreachable");

  async function ask(): Promise<DatabaseState> {
    const { rows } = await pool.query<{ read_only: boolean }>(question);
    const isReadOnly = rows[0]?.read_only !== false;
    if (isReadOnly) pool.retireConnections();
    return isReadOnly ? "read-only" : "ready";
  }

  return () => {
    if (performance.now() - askedAt >= freshMs) {
      askedAt = performance.now();
      answer = withinPatience(ask());
    }
    return answer;
  };
}

/** `unreachable` if the answer is an error, or takes too long. */
function withinPatience(answer: Promise<DatabaseState>): Promise<DatabaseState> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, patienceMs, "unreachable");
    answer
      .catch((): DatabaseState => "unreachable")
      .then((value) => {
        clearTimeout(timer);
        resolve(value);
      });
  });
}
