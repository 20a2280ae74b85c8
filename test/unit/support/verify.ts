import { afterEach, beforeEach, vi } from "vitest";
import type { KeyVerifier } from "../../../src/access/key-verifier.ts";
import { createKeyVerifier } from "../../../src/access/key-verifier.ts";
import type { FakeKeys } from "./fake-keys.ts";
import { createFakeKeys } from "./fake-keys.ts";
import { reasonOf } from "./reason.ts";

export interface InFakeTime {
  readonly keys: FakeKeys;
  readonly verifier: KeyVerifier;
  readonly verify: (header: string) => Promise<string>;
  /** Advances the time. */
  readonly pass: (milliseconds: number) => Promise<unknown>;
}

/** Gives each test fake timers, and a verifier of its own. */
export function verifyInFakeTime(): InFakeTime {
  let keys: FakeKeys;
  let verifier: KeyVerifier;
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["performance", "setTimeout", "clearTimeout", "Date"] });
    keys = createFakeKeys();
    verifier = createKeyVerifier({ keys });
  });
  afterEach(() => {
    vi.useRealTimers();
  });
  return {
    get keys() {
      return keys;
    },
    get verifier() {
      return verifier;
    },
    verify: (header) => verifyNow(verifier, header),
    pass: (milliseconds) => vi.advanceTimersByTimeAsync(milliseconds),
  };
}

/** Advances the time for as long as a look-up waits in the queue. */
async function verifyNow(verifier: KeyVerifier, header: string): Promise<string> {
  const reason = reasonOf(() => verifier.verify(header));
  await vi.advanceTimersByTimeAsync(0);
  const first = await Promise.race([reason, Promise.resolve("pending")]);
  if (first === "pending") await vi.advanceTimersByTimeAsync(20);
  return reason;
}
