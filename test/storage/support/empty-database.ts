import { onTestFinished } from "vitest";
import type { TestDatabaseOptions } from "../../support/database.ts";
import { createTestDatabase } from "../../support/database.ts";

/** The connection string of a database without tables, only for the running test. */
export async function emptyDatabase(options: Omit<TestDatabaseOptions, "template"> = {}) {
  const { url, drop } = await createTestDatabase({ ...options, template: "template0" });
  onTestFinished(drop);
  return url;
}
