import type { Pool } from "./database.ts";

/** Time for which a result is reused, in milliseconds. */
const freshMs = 1_000;
/** A database that takes longer to answer does not count as ready, in milliseconds. */
const patienceMs = 1_000;

const question = `
  SELECT pg_is_in_recovery() OR current_setting('transaction_read_only')::boolean AS read_only`;

/** `unreachable`: it did not answer in time. `read-only`: it is not a primary that accepts writes. */
export const databaseStates = ["ready", "unreachable", "read-only"] as const;
export type DatabaseState = (typeof databaseStates)[number];

/**
 * Whether the database is a primary that accepts writes. The function queries it at most once a second, and
 * returns within a second.
 *
 * If the server accepts no writes, the function closes the connections of the pool, so that new connections
 * find the primary.
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
