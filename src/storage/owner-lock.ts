/**
 * Locks on the lists of owners, for as long as a transaction runs. A sync shares the lock of each owner
 * it touches with other syncs; a replacement has it for itself, so that it sees a list that nothing
 * changes meanwhile, rows that others are about to add included.
 *
 * They are Postgres advisory locks. Owners share them by hash: one for each owner would let a sync of
 * 10,000 owners exhaust the server's table of locks.
 */

/** Tells these locks from other advisory locks in the database. */
export const ownerLockSpace = 0x6b697468;

const ownerLockCount = 256;

/**
 * The lock of an owner's list, 0 to 255. Every process has to agree on it (FNV-1a over UTF-16 units).
 */
export function ownerLock(appId: number, ownerId: string): number {
  let hash = 0x811c9dc5 ^ appId;
  for (let n = 0; n < ownerId.length; n++) {
    hash = Math.imul(hash ^ ownerId.charCodeAt(n), 0x01000193);
  }
  return (hash ^ (hash >>> 16)) & (ownerLockCount - 1);
}
