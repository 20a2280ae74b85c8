/** Reads the text format of Prometheus. */

/**
 * The samples of a text: an array of `{ labels, value }` for each name.
 *
 * @param {string} text
 */
export function parseSamples(text) {
  const samples = new Map();
  for (const line of text.split("\n")) {
    const [, name, labels = "", value] = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
    if (name === undefined) continue;
    if (!samples.has(name)) samples.set(name, []);
    samples.get(name).push({ labels: parseLabels(labels), value: Number(value) });
  }
  return samples;
}

function parseLabels(text) {
  const pairs = text.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g);
  return Object.fromEntries([...pairs].map(([, name, value]) => [name, value]));
}

/** The sum of the samples of a name that match. */
export function sum(samples, name, matches = () => true) {
  return (samples.get(name) ?? [])
    .filter(({ labels }) => matches(labels))
    .reduce((total, { value }) => total + value, 0);
}

/** The cumulative buckets of a histogram, added up over all other labels: pairs of bound and count. */
export function buckets(samples, name, matches = () => true) {
  const counts = new Map();
  for (const { labels, value } of samples.get(`${name}_bucket`) ?? []) {
    if (!matches(labels)) continue;
    const bound = labels.le === "+Inf" ? Infinity : Number(labels.le);
    counts.set(bound, (counts.get(bound) ?? 0) + value);
  }
  return [...counts].sort(([a], [b]) => a - b);
}

/** The buckets that were added between two readings. */
export function difference(before, after) {
  const earlier = new Map(before);
  return after.map(([bound, count]) => [bound, count - (earlier.get(bound) ?? 0)]);
}

/**
 * A quantile of cumulative buckets, by linear interpolation in its bucket, as Prometheus does. Null if the
 * buckets are empty.
 */
export function quantile(share, cumulative) {
  const total = cumulative.at(-1)?.[1] ?? 0;
  if (total <= 0) return null;
  const rank = share * total;
  let [lower, below] = [0, 0];
  for (const [bound, count] of cumulative) {
    if (count >= rank) {
      if (bound === Infinity) return lower;
      const inBucket = count - below;
      return inBucket === 0 ? bound : lower + ((bound - lower) * (rank - below)) / inBucket;
    }
    [lower, below] = [bound, count];
  }
  return lower;
}
