import { setTimeout as sleep } from "node:timers/promises";

/** Longest wait for something to come true, in milliseconds. */
const patienceMs = 20_000;

/** Asks again and again until the answer is yes; fails where that takes too long. */
export async function eventually(
  what: string,
  isSo: () => Promise<boolean> | boolean,
  limitMs = patienceMs,
): Promise<void> {
  const giveUpAt = performance.now() + limitMs;
  while (!(await isSo())) {
    if (performance.now() > giveUpAt) throw new Error(`not within ${limitMs} ms: ${what}`);
    await sleep(20);
  }
}
