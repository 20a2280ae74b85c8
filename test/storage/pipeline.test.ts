import { expect, onTestFinished, test } from "vitest";
import { runPipelined } from "../../src/storage/pipeline.ts";
import { createTestDatabase, openPool } from "../support/database.ts";

test("a statement that a pipeline runs twice is prepared once", async () => {
  const { url, drop } = await createTestDatabase();
  onTestFinished(drop);
  const client = await openPool(url, 1).connect();
  onTestFinished(() => client.release());
  const select = (number: number) => ({ name: "a", text: `SELECT ${number}`, values: [] });
  for (let run = 0; run < 2; run++) {
    // Names stand for texts, so the second text shows whether it is used.
    const results = await runPipelined(client, [select(1), select(2)]);
    expect(results.map(({ rows }) => rows)).toEqual([[["1"]], [["1"]]]);
  }
});
