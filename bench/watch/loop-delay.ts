/** A histogram of the delay of the event loop: the counts of delays up to each limit, in seconds. */
export type DelayCounts = ReadonlyMap<number, number>;

/** Reads the histogram of a service from `/metrics`. */
export async function readLoopDelay(port: number): Promise<DelayCounts> {
  const response = await fetch(`http://127.0.0.1:${port}/metrics`);
  return parseLoopDelay(await response.text());
}

export function parseLoopDelay(metrics: string): DelayCounts {
  const bucket = /^nodejs_eventloop_delay_seconds_bucket\{le="([^"]+)"\} (\d+)$/gm;
  return new Map(
    [...metrics.matchAll(bucket)].map(([, limit, count]) => [
      limit === "+Inf" ? Number.POSITIVE_INFINITY : Number(limit),
      Number(count),
    ]),
  );
}

/** The upper limit of the longest delay between two readings, in milliseconds. */
export function longestDelayMs(before: DelayCounts, after: DelayCounts): number {
  const since = [...after].map(
    ([limit, count]) => [limit, count - (before.get(limit) ?? 0)] as const,
  );
  const all = since.at(-1)?.[1] ?? 0;
  const [limit = Number.POSITIVE_INFINITY] = since.find(([, count]) => count === all) ?? [];
  return limit * 1_000;
}
