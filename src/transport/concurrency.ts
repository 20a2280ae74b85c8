export interface ConcurrencyOptions {
  /** Calls in flight that are never too many. */
  readonly leastCalls: number;
  /** The longest time that calls should take because others are in flight, in milliseconds. */
  readonly maxDelayMs: number;
  /** The limits between which the calls of one connection are limited. */
  readonly perConnection: { readonly least: number; readonly most: number };
  /** In milliseconds. */
  readonly now?: () => number;
}

export interface CallCounts {
  readonly inFlight: number;
  /** Calls that have ended since the start of the process. */
  readonly ended: number;
}

/**
 * Computes how many calls a connection may have in flight. It is called in intervals.
 *
 * @param connections the connections that have calls
 */
export type Concurrency = (counts: CallCounts, connections: number) => number;

/** How much of the highest throughput counts in the next interval. */
const memory = 0.9;

/**
 * By Little's law, the time that a call takes is the number of calls in flight divided by the throughput. So
 * the calls in flight are limited to the recent throughput times the longest delay. Connections share this
 * limit only while it is exceeded; otherwise each may have the most.
 */
export function createConcurrency(options: ConcurrencyOptions): Concurrency {
  const { leastCalls, maxDelayMs, perConnection, now = () => performance.now() } = options;
  let limit = perConnection.most;
  let callsPerMs = 0;
  let before = { ended: 0, at: now() };

  return ({ inFlight, ended }, connections) => {
    const elapsedMs = Math.max(1, now() - before.at);
    callsPerMs = Math.max((ended - before.ended) / elapsedMs, callsPerMs * memory);
    before = { ended, at: now() };
    const maxCalls = Math.max(leastCalls, callsPerMs * maxDelayMs);
    const share = Math.floor(maxCalls / Math.max(1, connections));
    if (inFlight > maxCalls) limit = Math.max(perConnection.least, Math.min(limit, share));
    else if (inFlight > maxCalls / 2) limit = Math.min(perConnection.most, Math.max(limit, share));
    else limit = Math.min(perConnection.most, limit * 2);
    return limit;
  };
}
