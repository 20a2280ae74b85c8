/**
 * Locks on the lists of owners, held until the transaction ends. A sync takes the locks of its owners in
 * shared mode. A replacement takes the lock of its owner in exclusive mode: no other transaction can
 * change the list, or add rows to it, until the replacement ends.
 *
 * They are Postgres advisory locks. Owners share 256 locks by hash. With one lock for each owner, a sync
 * of 10,000 owners could exhaust the lock table of the server.
 */

/** The first key of these advisory locks; other advisory locks in the database have other keys. */
export const ownerLockSpace = 0x6b697468;

const ownerLockCount = 256;

/** The lock of an owner's list, 0 to 255. Every process must compute the same one (FNV-1a over UTF-16 units). */
export function ownerLock(appId: number, ownerId: string): number {
  let hash = 0x811c9dc5 ^ appId;
  for (let n = 0; n < ownerId.length; n++) {
    hash = Math.imul(hash ^ ownerId.charCodeAt(n), 0x01000193);
  }
  return (hash ^ (hash >>> 16)) & (ownerLockCount - 1);
}
