/** One line of the report: what was measured, and what it is held against. */
export interface Line {
  readonly subject: string;
  readonly value: number;
  readonly unit: Unit;
  readonly comparisons: readonly Comparison[];
}

export type Unit = "requests/s" | "contacts/s" | "ms" | "MB";

export interface Comparison {
  /** What it is compared with; the value of it is absent where the target is a plain number. */
  readonly name: string;
  readonly reference?: number;
  /** Of the ratio to the reference or, where there is none, of the value itself. */
  readonly atLeast?: number;
  readonly atMost?: number;
}

/** The figure that the target is about. */
export function compared({ value }: Line, { reference }: Comparison): number {
  return reference === undefined ? value : value / reference;
}

/** Whether the target is reached; undefined where there is none. */
export function isReached(line: Line, comparison: Comparison): boolean | undefined {
  const { atLeast, atMost } = comparison;
  if (atLeast === undefined && atMost === undefined) return undefined;
  const figure = compared(line, comparison);
  return figure >= (atLeast ?? Number.NEGATIVE_INFINITY) && figure <= (atMost ?? Infinity);
}
