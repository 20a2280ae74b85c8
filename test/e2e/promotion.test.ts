import { setTimeout as sleep } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { startService } from "../support/service.ts";
import { entry, syncOverRest } from "./support/calls.ts";
import { eventually } from "./support/eventually.ts";
import { storedContacts } from "./support/row-lock.ts";
import { startCluster } from "./support/standby.ts";

const callers = 16;
/** Commits that wait for the standby are cancelled after it. The primary has them, but the standby does not. */
const requestTimeoutMs = 1_000;

test("a promotion of the standby under load loses no acknowledged sync", async () => {
  const cluster = await startCluster();
  onTestFinished(() => cluster[Symbol.asyncDispose]());
  const service = await startService({
    DATABASE_URL: cluster.url,
    REQUEST_TIMEOUT_MS: String(requestTimeoutMs),
  });
  onTestFinished(() => service.stop());
  const { header } = await service.createApp();
  const acknowledged: string[] = [];
  let isStopped = false;
  const calls = Array.from({ length: callers }, async (_, caller) => {
    for (let n = 0; !isStopped; n++) {
      const id = `c${caller}-${n}`;
      const { status } = await syncOverRest({ url: service.url, header }, [entry("owner", id)]);
      if (status === 200) acknowledged.push(id);
      else await sleep(20);
    }
  });
  const serves = async () => {
    const before = acknowledged.length;
    await eventually("syncs succeed", () => acknowledged.length > before + 500);
  };
  await serves();
  await cluster.failOver(2 * requestTimeoutMs);
  await serves();
  isStopped = true;
  await Promise.all(calls);

  const stored = new Set(await storedContacts(cluster.standbyUrl, "owner"));
  expect(acknowledged.filter((id) => !stored.has(id))).toEqual([]);
});
