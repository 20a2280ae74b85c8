import { parseArgs } from "node:util";
import { type ScenarioName, scenarioNames } from "./scenarios/names.ts";

export interface BenchOptions {
  readonly isQuick: boolean;
  /** Measured seconds of each run, beside its warm-up. */
  readonly seconds: number;
  readonly warmupSeconds: number;
  /** Times that every contender is measured. */
  readonly rounds: number;
  /** Rows in the full table. */
  readonly rows: number;
  readonly only: readonly ScenarioName[];
}

/** The command line cannot be read; its message is for the user. */
export class UsageError extends Error {}

export const help = `Measures Kith against Postgres itself and against plain services, on this machine.

Usage: npm run bench -- [options]

  --quick          short runs, without the full table: under 90 s
  --seconds N      measured seconds of each run (5; quick: 0.8)
  --rounds N       times that every contender is measured (3; quick: 2)
  --rows N         rows in the full table (10,000,000)
  --only NAME      one scenario; may be repeated:
                   ${scenarioNames.join(", ")}
  --help           this text

Needs nothing but the install. Where pgbench is installed it measures what Postgres can do; else a
process of pg clients does. Writes bench/results/latest.json and latest.svg.
`;

/**
 * Reads the command line.
 *
 * @returns undefined where help is asked for
 * @throws UsageError
 */
export function parseOptions(args: readonly string[]): BenchOptions | undefined {
  const values = readFlags(args);
  if (values.help) return undefined;
  const isQuick = values.quick ?? false;
  const only = values.only ?? scenarioNames.filter((name) => !(isQuick && name === "filled"));
  return {
    isQuick,
    seconds: wholeNumber("seconds", values.seconds, isQuick ? 0.8 : 5),
    warmupSeconds: isQuick ? 0.3 : 1,
    rounds: wholeNumber("rounds", values.rounds, isQuick ? 2 : 3),
    rows: wholeNumber("rows", values.rows, 10_000_000),
    only: only.map(scenarioName),
  };
}

function readFlags(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        quick: { type: "boolean" },
        seconds: { type: "string" },
        rounds: { type: "string" },
        rows: { type: "string" },
        only: { type: "string", multiple: true },
        help: { type: "boolean" },
      },
    }).values;
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

function wholeNumber(flag: string, text: string | undefined, fallback: number): number {
  if (text === undefined) return fallback;
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new UsageError(`--${flag} must be a whole number from 1 to 999999999`);
}

function scenarioName(text: string): ScenarioName {
  const found = scenarioNames.find((name) => name === text);
  if (found === undefined) {
    throw new UsageError(`--only must be one of ${scenarioNames.join(", ")}`);
  }
  return found;
}
