import { vi } from "vitest";
import type { KeyVerifier } from "../../../src/access/key-verifier.ts";
import { reasonOf } from "./reason.ts";

/** Verifies with fake timers. Advances the time for as long as a look-up waits in the queue. */
export async function verifyInFakeTime(verifier: KeyVerifier, header: string): Promise<string> {
  const reason = reasonOf(() => verifier.verify(header));
  await vi.advanceTimersByTimeAsync(0);
  const first = await Promise.race([reason, Promise.resolve("pending")]);
  if (first === "pending") await vi.advanceTimersByTimeAsync(20);
  return reason;
}
