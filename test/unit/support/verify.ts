import { vi } from "vitest";
import type { KeyVerifier } from "../../../src/access/key-verifier.ts";
import { reasonOf } from "./reason.ts";

/** Verifies under fake timers, with as much time passing as a look-up waits for its turn. */
export async function verifyInFakeTime(verifier: KeyVerifier, header: string): Promise<string> {
  const reason = reasonOf(() => verifier.verify(header));
  await vi.advanceTimersByTimeAsync(0);
  const first = await Promise.race([reason, Promise.resolve("pending")]);
  if (first === "pending") await vi.advanceTimersByTimeAsync(20);
  return reason;
}
