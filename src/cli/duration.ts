const unitMs: Readonly<Record<string, number>> = {
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/**
 * Parses a duration such as `90d`, `12h`, `30m` or `45s`: a whole number above zero and a unit.
 *
 * @returns milliseconds, or undefined if the text is not a duration of at most 100 years
 */
export function parseDuration(text: string): number | undefined {
  const [, count = "", unit = ""] = /^([1-9]\d{0,9})([smhd])$/.exec(text) ?? [];
  const duration = Number(count) * (unitMs[unit] ?? 0);
  const longest = 36_525 * 86_400_000;
  return duration > 0 && duration <= longest ? duration : undefined;
}
