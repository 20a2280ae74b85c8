import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createReadiness } from "../../src/storage/readiness.ts";
import { createTestDatabase, openDatabase } from "../support/database.ts";

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["performance"] });
});
afterEach(() => {
  vi.useRealTimers();
});

test("a database that answers is ready; one that is gone is not, a second later", async () => {
  const database = await createTestDatabase();
  const isReady = createReadiness(openDatabase(database.url, 1));
  expect(await isReady()).toBe(true);
  await database.drop();
  expect(await isReady()).toBe(true);
  vi.advanceTimersByTime(1_000);
  expect(await isReady()).toBe(false);
});

test("however often it is asked, the database is asked once a second", async () => {
  const { url, drop } = await createTestDatabase();
  const db = openDatabase(url, 1);
  const execute = vi.spyOn(db, "getExecutor");
  const isReady = createReadiness(db);
  const answers = await Promise.all(Array.from({ length: 100 }, () => isReady()));
  expect(new Set(answers)).toEqual(new Set([true]));
  expect(execute).toHaveBeenCalledTimes(1);
  vi.advanceTimersByTime(1_000);
  await isReady();
  expect(execute).toHaveBeenCalledTimes(2);
  await db.destroy();
  await drop();
});
