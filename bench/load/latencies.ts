/** Latencies as they come, in milliseconds. */
export interface Latencies {
  add(ms: number): void;
  count(): number;
  /** The value that this share of them, 0 to 1, does not exceed; 0 where there are none. */
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
