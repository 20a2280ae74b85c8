import type { Kysely } from "kysely";
import { sql } from "kysely";
import type { Database } from "./schema.ts";

/** Whether the database answers. Asks at most once a second, however often it is asked. */
export function createReadiness(db: Kysely<Database>): () => Promise<boolean> {
  const freshMs = 1_000;
  let askedAt = Number.NEGATIVE_INFINITY;
  let answer: Promise<boolean> = Promise.resolve(false);

  return () => {
    if (performance.now() - askedAt >= freshMs) {
      askedAt = performance.now();
      answer = sql`SELECT 1`.execute(db).then(
        () => true,
        () => false,
      );
    }
    return answer;
  };
}
