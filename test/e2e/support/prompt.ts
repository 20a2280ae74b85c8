import { expect } from "vitest";

const tickMs = 20;

/**
 * Runs something in this process, and checks that it ends within a time of an idle machine, by default 4 s.
 * Time is counted in turns of a timer, which a busy machine makes fewer of: being slow does not fail the check.
 */
export async function expectPrompt(run: () => Promise<void>, limitMs = 4_000): Promise<void> {
  let ticks = 0;
  const timer = setInterval(() => {
    ticks += 1;
  }, tickMs);
  try {
    await run();
  } finally {
    clearInterval(timer);
  }
  expect(ticks).toBeLessThan(limitMs / tickMs);
}
