import type { QueryExecutorProvider } from "kysely";
import { sql } from "kysely";
import { alterTable } from "./alter-table.ts";

/** Adds the rate limit of an app. Versions that do not know the columns continue to work, without limits. */
export async function up(db: QueryExecutorProvider): Promise<void> {
  const statement = sql`
    ALTER TABLE app
      ADD COLUMN contacts_per_second integer CHECK (contacts_per_second > 0),
      ADD COLUMN burst integer CHECK (burst > 0),
      ADD CHECK ((contacts_per_second IS NULL) = (burst IS NULL))`;
  await alterTable(db, statement);
}
