/** One line of the report: a figure and its comparisons. */
export interface Line {
  readonly subject: string;
  readonly value: number;
  readonly unit: Unit;
  readonly comparisons: readonly Comparison[];
}

export type Unit = "requests/s" | "contacts/s" | "ms" | "µs" | "MB" | "calls";

export interface Comparison {
  /** The name of the reference that the figure is compared with. */
  readonly name: string;
  /** The figure to compare with. If absent, the target is an absolute number. */
  readonly reference?: number;
  /** Limits of the ratio or, without a reference, of the figure itself. */
  readonly atLeast?: number;
  readonly atMost?: number;
}

/** The ratio or, without a reference, the figure itself. */
export function compared({ value }: Line, { reference }: Comparison): number {
  return reference === undefined ? value : value / reference;
}

/** Whether the target is reached, or undefined if there is no target. */
export function isReached(line: Line, comparison: Comparison): boolean | undefined {
  const { atLeast, atMost } = comparison;
  if (atLeast === undefined && atMost === undefined) return undefined;
  const figure = compared(line, comparison);
  return figure >= (atLeast ?? Number.NEGATIVE_INFINITY) && figure <= (atMost ?? Infinity);
}
