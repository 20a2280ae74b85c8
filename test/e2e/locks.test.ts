import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { entry, expectToServe, syncOverRest } from "./support/calls.ts";
import { holdPair, holdPairs } from "./support/row-lock.ts";
import { serveForFile } from "./support/served.ts";

describe("calls that wait for a lock", () => {
  const served = serveForFile({ REQUEST_TIMEOUT_MS: "3600000" });

  test.each([1, 2, 12])("do not delay other calls: %i of them", async (count) => {
    const own = [`locked-by-${count}`, "b"] as const;
    await using held = await holdPair(served.service.databaseUrl, served.appId, own);
    const waiting = Array.from({ length: count }, () => syncOverRest(served, [entry(...own)]));
    await held.untilWaiting(1);
    const other = await served.service.createApp();
    // Immediately, and after the calls have moved to the lock-wait queue.
    for (const pauseMs of [0, 300, 1_000, 2_000]) {
      await sleep(pauseMs);
      await expectToServe(served);
      await expectToServe({ url: served.url, header: other.header });
    }
    // The first calls still wait, so the other calls did not wait for the lock.
    expect(await held.waiting()).toBeGreaterThan(0);
    await held.release();
    const statuses = (await Promise.all(waiting)).map(({ status }) => status);
    expect(new Set(statuses)).toEqual(new Set([200]));
  });

  test("do not delay other calls, even if each waits for another lock", async () => {
    const contacts = Array.from({ length: 60 }, (_, n) => `c${n}`);
    const { databaseUrl } = served.service;
    await using held = await holdPairs(databaseUrl, served.appId, "locked-each", contacts);
    const waiting = contacts.map((contact) =>
      syncOverRest(served, [entry("locked-each", contact)]),
    );
    await held.untilWaiting(1);
    await expectToServe(served);
    expect(await held.waiting()).toBeGreaterThan(0);
    await held.release();
    await Promise.all(waiting);
  });
});
