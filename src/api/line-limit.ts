/** Whether a line of this kind may be written now. */
export type LineLimit = (kind: string) => boolean;

export interface LineLimitOptions {
  readonly maxLinesPerSecond: number;
  /** Called for each kind at the end of a second in which lines of it were not allowed. */
  readonly onSuppressed: (kind: string, lines: number) => void;
}

const windowMs = 1_000;

/** Limits the lines of each kind. Calls that are rejected cost less than their lines. */
export function createLineLimit({ maxLinesPerSecond, onSuppressed }: LineLimitOptions): LineLimit {
  let lines = new Map<string, number>();
  let startedAt = Number.NEGATIVE_INFINITY;
  let isReportPending = false;

  function startWindow(now: number): void {
    const ended = lines;
    lines = new Map();
    startedAt = now;
    isReportPending = false;
    for (const [kind, count] of ended) {
      if (count > maxLinesPerSecond) onSuppressed(kind, count - maxLinesPerSecond);
    }
  }

  return (kind) => {
    const now = performance.now();
    if (now - startedAt >= windowMs) startWindow(now);
    const count = (lines.get(kind) ?? 0) + 1;
    lines.set(kind, count);
    if (count <= maxLinesPerSecond) return true;
    if (!isReportPending) {
      isReportPending = true;
      // The window may have ended by itself when the timer fires.
      const from = startedAt;
      const report = () => {
        if (startedAt === from) startWindow(performance.now());
      };
      setTimeout(report, windowMs - (now - startedAt)).unref();
    }
    return false;
  };
}
