import { setTimeout as sleep } from "node:timers/promises";
import { patienceMs } from "../../support/patience.ts";

/** Waits until a condition holds. Throws if that takes too long. */
export async function eventually(
  what: string,
  isSo: () => Promise<boolean> | boolean,
): Promise<void> {
  const giveUpAt = performance.now() + patienceMs;
  while (!(await isSo())) {
    if (performance.now() > giveUpAt) throw new Error(`not within ${patienceMs} ms: ${what}`);
    await sleep(20);
  }
}
