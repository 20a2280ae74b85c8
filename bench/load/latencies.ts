/** A growing list of latencies, in milliseconds. */
export interface Latencies {
  add(ms: number): void;
  count(): number;
  /** The latency that a share of the calls (0 to 1) does not exceed, or 0 if there are no calls. */
  percentile(share: number): number;
}

export function createLatencies(): Latencies {
  let values = new Float64Array(1 << 16);
  let count = 0;
  let sorted: Float64Array | undefined;
  return {
    add(ms) {
      if (count === values.length) {
        const more = new Float64Array(values.length * 2);
        more.set(values);
        values = more;
      }
      values[count++] = ms;
      sorted = undefined;
    },
    count: () => count,
    percentile(share) {
      sorted ??= values.slice(0, count).sort();
      return sorted[Math.min(count - 1, Math.floor(count * share))] ?? 0;
    },
  };
}
