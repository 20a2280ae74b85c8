import type { KeyCacheCounts } from "../../access/key-verifier.ts";
import type { MetricRegistry } from "./registry.ts";

/** The connections of a pool, as pg counts them. */
export interface PoolCounts {
  /** Open connections. */
  readonly totalCount: number;
  readonly idleCount: number;
  /** Requests that wait for a connection. */
  readonly waitingCount: number;
  readonly options: { readonly max: number };
}

export interface ServiceMetricsOptions {
  readonly registry: MetricRegistry;
  readonly pool: PoolCounts;
  /** The possible states of the database, and a function that returns the present one. */
  readonly databaseStates: readonly string[];
  readonly databaseState: () => Promise<string>;
  readonly droppedLogLines: () => number;
  /** The versions, as labels. */
  readonly build: { readonly version: string; readonly commit: string; readonly node: string };
}

/** The metrics of the database connections, the key cache, the log and the build. */
export function createServiceMetrics(options: ServiceMetricsOptions): KeyCacheCounts {
  const { registry, pool, databaseStates, databaseState, droppedLogLines, build } = options;
  const keyCache = { hits: 0, misses: 0, lookups: 0 };

  registry.gauge({
    name: "kith_database_connections",
    help: "Open connections to the database",
    labels: ["state"],
    read: () => [
      { labels: { state: "idle" }, value: pool.idleCount },
      { labels: { state: "busy" }, value: pool.totalCount - pool.idleCount },
    ],
  });
  registry.gauge({
    name: "kith_database_connections_max",
    help: "Most connections to the database that may be open",
    read: () => pool.options.max,
  });
  registry.gauge({
    name: "kith_database_connection_waiters",
    help: "Transactions and reads that wait for a connection",
    read: () => pool.waitingCount,
  });
  registry.counter({
    name: "kith_key_cache_requests_total",
    help: "Checks of a Server-Key: hits need no query, misses wait for one",
    labels: ["result"],
    read: () => [
      { labels: { result: "hit" }, value: keyCache.hits },
      { labels: { result: "miss" }, value: keyCache.misses },
    ],
  });
  registry.counter({
    name: "kith_key_lookups_total",
    help: "Queries for Server-Keys, those that refresh the cache included",
    read: () => keyCache.lookups,
  });
  registry.counter({
    name: "kith_log_lines_dropped_total",
    help: "Log lines that could not be written",
    read: droppedLogLines,
  });
  registry.gauge({
    name: "kith_build_info",
    help: "Always 1. The labels are the versions of Kith and Node, and the commit if it is known",
    labels: ["version", "commit", "node"],
    read: () => [{ labels: { ...build }, value: 1 }],
  });
  // It comes last, because its query must not count as a request that waits for a connection.
  registry.gauge({
    name: "kith_database_state",
    help: "1 for the present state of the database, 0 for the others",
    labels: ["state"],
    async read() {
      const present = await databaseState();
      return databaseStates.map((state) => ({ labels: { state }, value: +(state === present) }));
    },
  });
  return keyCache;
}
