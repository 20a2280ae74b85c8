import type { DatabaseAddress, DatabaseTarget } from "./database-url.ts";

/** A host that failed is tried last for this long, in milliseconds. */
const penaltyMs = 5_000;

/** Selects the host of each new connection. */
export interface DatabaseHosts {
  /** The first host of the URL that has not failed lately, or the one that failed first. */
  next(): DatabaseAddress;
  noteFailure(address: DatabaseAddress): void;
  /** Whether each host has failed lately. */
  haveAllFailed(): boolean;
  readonly count: number;
}

export function createDatabaseHosts({ addresses, parameters }: DatabaseTarget): DatabaseHosts {
  const failedAt = new Map<DatabaseAddress, number>();
  const isRandom = parameters.get("load_balance_hosts") === "random";

  /** The time of the last failure; 0 if there was none lately. */
  function rankOf(address: DatabaseAddress): number {
    const at = failedAt.get(address) ?? Number.NEGATIVE_INFINITY;
    return performance.now() - at > penaltyMs ? 0 : at;
  }

  function next(): DatabaseAddress {
    const ordered = isRandom ? addresses.toSorted(() => Math.random() - 0.5) : addresses;
    return ordered.reduce((best, other) => (rankOf(other) < rankOf(best) ? other : best));
  }

  return {
    next,
    noteFailure: (address) => void failedAt.set(address, performance.now()),
    haveAllFailed: () => addresses.every((address) => rankOf(address) > 0),
    count: addresses.length,
  };
}
