import type { KeyFinder, KeyRecord } from "../../../src/access/key-store.ts";
import type { ServerKey } from "../../../src/access/server-key.ts";
import { generateServerKey, hashSecret, serverKeyHeader } from "../../../src/access/server-key.ts";

export interface FakeKeys extends KeyFinder {
  /** The ids of each look-up so far. */
  readonly lookUps: (readonly string[])[];
  /** Keys by id; a test may change them at any time. */
  readonly records: Map<string, KeyRecord>;
  /** While set, look-ups reject with it. */
  failure: Error | undefined;
  /** Milliseconds from the read of the records to the result. With 0 the result comes in the same turn. */
  delayMs: number;
  /** The largest number of look-ups that were in flight at once. */
  readonly mostAtOnce: number;
  /** Adds a key. */
  add(change?: Partial<KeyRecord>): AddedKey;
  /** Changes an existing key. */
  change(id: string, change: Partial<KeyRecord>): void;
}

export interface AddedKey extends ServerKey {
  /** The value of the Server-Key header. */
  readonly header: string;
}

/** Keys in memory that record their look-ups. */
export function createFakeKeys(): FakeKeys {
  let underWay = 0;
  let mostAtOnce = 0;
  const keys: FakeKeys = {
    lookUps: [],
    records: new Map(),
    failure: undefined,
    delayMs: 0,
    get mostAtOnce() {
      return mostAtOnce;
    },
    async findKeys(ids) {
      keys.lookUps.push(ids);
      underWay += 1;
      mostAtOnce = Math.max(mostAtOnce, underWay);
      const { failure } = keys;
      const found = ids.flatMap((id) => keys.records.get(id) ?? []);
      if (keys.delayMs > 0) await new Promise((resolve) => setTimeout(resolve, keys.delayMs));
      underWay -= 1;
      if (failure !== undefined) throw failure;
      return found;
    },
    add(change = {}) {
      const key = generateServerKey();
      keys.records.set(key.id, { ...newRecord(key), ...change });
      return { ...key, header: serverKeyHeader(key) };
    },
    change(id, change) {
      const record = keys.records.get(id);
      if (record === undefined) throw new Error(`there is no key ${id}`);
      keys.records.set(id, { ...record, ...change });
    },
  };
  return keys;
}

function newRecord({ id, secret }: ServerKey): KeyRecord {
  return {
    id,
    name: null,
    appId: 7,
    appName: "shop",
    rateLimit: null,
    secretHash: hashSecret(secret),
    createdAt: new Date(0),
    expiresAt: null,
    revokedAt: null,
    lastUsedAt: null,
  };
}
