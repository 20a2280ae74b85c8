/** The protocol of the requests. */
export type Protocol = "grpc" | "rest" | "connect";

/**
 * The kind of requests. Some kinds do not contend for rows: syncs, pages of contacts or of owners, and checks of pairs.
 * Other syncs and replacements contend for the same rows. Mutual contacts and fingerprints read a huge list.
 * The service rejects the last three: they have an unknown path, or millions of entries.
 */
export type CallName =
  | "sync"
  | "page"
  | "owner-page"
  | "check"
  | "sync-same-pairs"
  | "sync-few-owners"
  | "sync-hot-owner"
  | "sync-hot-contact"
  | "sync-many-owners"
  | "replace-one-list"
  | "mutual"
  | "fingerprint"
  | "unknown"
  | "tiny-entries"
  | "tiny-entries-gzip";

/** The task of a generator process. The process receives it as JSON, in its only argument. */
export interface LoadJob {
  readonly call: CallName;
  readonly protocol: Protocol;
  /** The ports of the service. Connections are spread over them evenly. */
  readonly ports: readonly number[];
  /** Value of the `Server-Key` header. If absent, the header is not sent. */
  readonly serverKey?: string | undefined;
  /** Entries in each request or, for a page, in each answer. */
  readonly contacts: number;
  readonly connections: number;
  /** Closed loop: requests in flight, over all connections. Each answer starts the next request. */
  readonly inFlight: number;
  /** Open loop: requests per second. Each starts when it is due, whether or not others are in flight. */
  readonly rate?: number | undefined;
  /** Open loop: calls that are not sent when the time is over are never sent. They count as held back. */
  readonly dropsLateCalls?: boolean;
  /**
   * gRPC: reads the status of failed calls. The service then cannot compress its response headers with
   * earlier ones, which costs a little.
   */
  readonly readsStatus?: boolean;
  /** Duration of the load before the measurement. */
  readonly warmupSeconds: number;
  readonly seconds: number;
}

/** The result of a generator process: its only line of output, as JSON. */
export interface LoadResult {
  /** Successful calls within the measured time. The rates and latencies include only these. */
  readonly calls: number;
  readonly callsPerSecond: number;
  readonly contactsPerSecond: number;
  /** Milliseconds from the start of a call or, in an open loop, from the time when it was due. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Milliseconds from the time when a call was handed to its connection. */
  readonly sentP50Ms: number;
  readonly sentP99Ms: number;
  /** The measured time: milliseconds since 1970. */
  readonly from: number;
  readonly to: number;
  /** Open loop: calls that were due within the measured time. */
  readonly due: number;
  /** Open loop: calls that were not sent at the end of the measured time. */
  readonly heldBack: number;
  /** Calls that were sent, but had no answer at the end of the measured time. */
  readonly unanswered: number;
  /** Failed calls within the measured time, by their status. */
  readonly failures: Readonly<Record<string, number>>;
  /** Milliseconds from the time when a failed call was handed to its connection. */
  readonly failureP99Ms: number;
  /** Failed calls, including the warm-up. */
  readonly failed: number;
  /** Answers with a wrong message or wrong frames, including the warm-up. */
  readonly wrong: number;
  /** The first problem. */
  readonly problem?: string | undefined;
  /** CPU time of the generator process. */
  readonly cpuMicrosPerCall: number;
  /** CPU time of the generator process as a share of one core, from 0 to 1. */
  readonly cpuShare: number;
}
