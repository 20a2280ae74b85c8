/** The result of one run of a contender. */
export interface Sample {
  readonly callsPerSecond: number;
  /** Milliseconds. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Failed calls. pgbench does not report them. */
  readonly failed?: number;
  /** CPU time of the load generator, per call and as a share of a core. pgbench does not report it. */
  readonly cpuMicrosPerCall?: number;
  readonly cpuShare?: number;
}

export interface Contender<S extends Sample = Sample> {
  readonly name: string;
  measure(): Promise<S>;
}

/** The samples of each contender, by its name. */
export type Samples = ReadonlyMap<string, readonly Sample[]>;

/**
 * Measures every contender once per round. Each round begins with another contender, so that changes on
 * the machine during the run affect all of them.
 */
export async function inRounds(options: {
  readonly contenders: readonly Contender[];
  readonly rounds: number;
  readonly onSample: (round: number, name: string, sample: Sample) => void;
}): Promise<Samples> {
  const { contenders, rounds, onSample } = options;
  const samples = new Map<string, Sample[]>(contenders.map(({ name }) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (let n = 0; n < contenders.length; n++) {
      const contender = contenders[(round + n) % contenders.length] as Contender;
      const sample = await contender.measure();
      samples.get(contender.name)?.push(sample);
      onSample(round + 1, contender.name, sample);
    }
  }
  return samples;
}

/** The median of one figure over the rounds. */
export function medianOf(samples: Samples, name: string, figure: keyof Sample): number {
  return median((samples.get(name) ?? []).map((sample) => sample[figure] ?? Number.NaN));
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const [low = Number.NaN, high = low] =
    sorted.length % 2 === 1 ? [sorted[middle]] : [sorted[middle - 1], sorted[middle]];
  return (low + high) / 2;
}
