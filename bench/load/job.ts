/** How requests reach the service. */
export type Protocol = "grpc" | "rest" | "connect";

/** What requests ask for: syncs, pages of contacts, or checks of pairs. */
export type CallName = "sync" | "page" | "check";

/** What a generator process is to do; given to it as JSON, its only argument. */
export interface LoadJob {
  readonly call: CallName;
  readonly protocol: Protocol;
  readonly port: number;
  /** Value of the `Server-Key` header; without it none is sent. */
  readonly serverKey?: string | undefined;
  /** Entries in each request or, of a page, in each answer. */
  readonly contacts: number;
  readonly connections: number;
  /** Closed loop: requests in flight over all connections, each followed by the next. */
  readonly inFlight: number;
  /** Open loop: requests per second, begun when they are due whether or not others were answered. */
  readonly rate?: number | undefined;
  /** Load before the measurement begins. */
  readonly warmupSeconds: number;
  readonly seconds: number;
}

/** What a generator process has seen; its only line of output, as JSON. */
export interface LoadResult {
  /** Answers within the measured time, right and wrong. */
  readonly calls: number;
  readonly callsPerSecond: number;
  readonly contactsPerSecond: number;
  /** Milliseconds from the start of a call, in an open loop from its planned start. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Answers other than the request must have, warm-up included. */
  readonly wrong: number;
  /** What was wrong with the first of them. */
  readonly complaint?: string | undefined;
  /** Processor time of the generator itself. */
  readonly cpuMicrosPerCall: number;
  /** The same as a share of one core, 0 to 1. */
  readonly cpuShare: number;
}
