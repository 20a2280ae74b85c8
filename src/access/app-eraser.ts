import type { AppStore, ContactPosition } from "./app-store.ts";
import { revocationMs } from "./key-verifier.ts";

/** Most contacts that one transaction deletes. */
const stepSize = 5_000;

export interface EraseAppOptions {
  readonly store: AppStore;
  readonly appId: number;
  /** Longest time of a request in the service, in milliseconds. */
  readonly requestTimeoutMs: number;
  /** Called before a wait for requests that still use a cached key. */
  readonly onWait: (milliseconds: number) => void;
}

export interface ErasedApp {
  readonly contacts: number;
  readonly keys: number;
}

/**
 * Deletes an app in steps: it revokes the keys, waits until no process accepts them and no request that
 * they began can be in flight, deletes the contacts, and then the keys and the app. If a step fails, the
 * app still exists without valid keys, and another call continues.
 *
 * @returns what was deleted; undefined if somebody created a key meanwhile. The app still exists then
 */
export async function eraseApp(options: EraseAppOptions): Promise<ErasedApp | undefined> {
  const { store, appId, requestTimeoutMs, onWait } = options;
  const revoked = await store.revokeKeys(appId);
  const settleMs = revocationMs + requestTimeoutMs;
  const lastValidAt = Math.max(...revoked.map(({ revokedAt }) => revokedAt?.getTime() ?? 0), 0);
  // The clock of the database may differ from the clock of this process, so the wait has an upper limit.
  const pauseMs = Math.min(lastValidAt + settleMs - Date.now(), settleMs);
  if (pauseMs > 0) {
    onWait(pauseMs);
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }

  let contacts = 0;
  let after: ContactPosition | undefined;
  for (;;) {
    const { deleted, last } = await store.deleteContacts(appId, after, stepSize);
    contacts += deleted;
    if (last === undefined) break;
    after = last;
  }
  const keys = await store.deleteApp(appId);
  return keys === undefined ? undefined : { contacts, keys };
}
