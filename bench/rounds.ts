/** What one run of a contender gives. */
export interface Sample {
  readonly callsPerSecond: number;
  /** Milliseconds. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Processor time of what made the load, where that is known: for each call, and a share of a core. */
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
 * Measures every contender once a round, each round beginning with another one, so that what changes on
 * the machine meanwhile meets them all.
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

/** The median over the rounds of one figure. */
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
