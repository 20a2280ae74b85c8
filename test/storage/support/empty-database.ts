import { onTestFinished } from "vitest";
import { createTestDatabase } from "../../support/database.ts";

/** The connection string of a database without tables, for the running test alone. */
export async function emptyDatabase(): Promise<string> {
  const { url, drop } = await createTestDatabase({ template: "template0" });
  onTestFinished(drop);
  return url;
}
