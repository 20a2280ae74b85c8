/**
 * Counts observations in buckets. An observation costs some nanoseconds, because the labels are resolved
 * once, when the series is created.
 */
export class HistogramSeries {
  /** The upper bounds of the buckets, ascending. The last bucket, which has no bound, is not listed. */
  readonly bounds: readonly number[];
  /** Observations in each bucket, the last one included. They are not cumulative. */
  readonly counts: Float64Array;
  sum = 0;

  constructor(bounds: readonly number[]) {
    this.bounds = bounds;
    this.counts = new Float64Array(bounds.length + 1);
  }

  observe(value: number): void {
    const { bounds, counts } = this;
    let n = 0;
    // Buckets are few, and most observations are in the first ones.
    while (n < bounds.length && value > (bounds[n] as number)) n += 1;
    counts[n] = (counts[n] as number) + 1;
    this.sum += value;
  }
}
