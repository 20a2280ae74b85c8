import type { KeyRecord } from "./key-store.ts";

export type KeyState = "active" | "expired" | "revoked";

/** Whether a key is accepted now, and why not. A key that is both revoked and expired is revoked. */
export function keyState({
  revokedAt,
  expiresAt,
}: Pick<KeyRecord, "revokedAt" | "expiresAt">): KeyState {
  if (revokedAt !== null) return "revoked";
  // Written so that an invalid date counts as expired.
  if (expiresAt !== null && !(expiresAt.getTime() > Date.now())) return "expired";
  return "active";
}
