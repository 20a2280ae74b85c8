import type { Config } from "../../../../src/config.ts";

/** An environment variable with its valid values, its invalid values, and the text of the error. */
export interface Variable {
  readonly name: string;
  readonly property: keyof Config;
  readonly fallback: unknown;
  readonly good: readonly (readonly [text: string, value: unknown])[];
  /** A variable without invalid values accepts any text. */
  readonly bad: readonly string[];
  readonly allowed: string;
}

/** Texts that are not whole numbers. */
export const notWhole = [
  ...["x", "-1", "1.5", "1e3", "0x10", " 1", "1 ", "+1", "NaN", "Infinity", "1_000"],
];

export const onAndOff = [
  ["on", true],
  ["off", false],
] as const;
