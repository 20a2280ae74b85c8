import { expect } from "vitest";

const tickMs = 20;
/** As many ticks as an idle machine has in 4 s. */
const maxTicks = 200;

/**
 * Runs something in this process, and checks that it ends within 4 s of an idle machine. Time is counted
 * in turns of a timer, which a busy machine makes fewer of: being slow does not fail the check.
 */
export async function expectPrompt(run: () => Promise<void>): Promise<void> {
  let ticks = 0;
  const timer = setInterval(() => {
    ticks += 1;
  }, tickMs);
  try {
    await run();
  } finally {
    clearInterval(timer);
  }
  expect(ticks).toBeLessThan(maxTicks);
}
