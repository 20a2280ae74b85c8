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

/** How much of the highest throughput, and of the most calls in flight, counts in the next interval. */
const memory = { throughput: 0.9, inFlight: 0.7 };
/** A limit changes at least by this factor, because a change costs a frame on each connection. */
const leastChange = 1.25;

/**
 * By Little's law, the time that a call takes is the number of calls in flight divided by the throughput. So
 * the calls in flight are limited to the recent throughput times the longest delay. Connections share this
 * limit only while it is exceeded; otherwise each may have the most.
 */
export function createConcurrency(options: ConcurrencyOptions): Concurrency {
  const { leastCalls, maxDelayMs, perConnection, now = () => performance.now() } = options;
  let limit = perConnection.most;
  let callsPerMs = 0;
  let mostInFlight = 0;
  let before = { ended: 0, at: now() };

  return ({ inFlight, ended }, connections) => {
    const elapsedMs = Math.max(1, now() - before.at);
    callsPerMs = Math.max((ended - before.ended) / elapsedMs, callsPerMs * memory.throughput);
    mostInFlight = Math.max(inFlight, mostInFlight * memory.inFlight);
    before = { ended, at: now() };
    const maxCalls = Math.max(leastCalls, callsPerMs * maxDelayMs);
    const share = Math.floor(maxCalls / Math.max(1, connections));
    let wanted = limit;
    if (inFlight > maxCalls) wanted = Math.min(limit, share);
    else if (mostInFlight > maxCalls / 2) wanted = Math.max(limit, share);
    else wanted = limit * 2;
    wanted = Math.min(perConnection.most, Math.max(perConnection.least, wanted));
    const isChange = wanted * leastChange <= limit || wanted >= limit * leastChange;
    if (isChange || wanted === perConnection.most) limit = wanted;
    return limit;
  };
}
