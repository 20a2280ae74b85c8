import { resolve } from "node:path";
import { parseArgs } from "node:util";
import type { Checkout } from "./contenders/checkout.ts";
import { checkoutProblem } from "./contenders/checkout.ts";
import type { ScenarioName } from "./scenarios/names.ts";
import { loadScenarioNames, scenarioNames } from "./scenarios/names.ts";
import { root } from "./support/root.ts";

export interface BenchOptions {
  readonly isQuick: boolean;
  /** Measured time of each run, in seconds. */
  readonly seconds: number;
  readonly warmupSeconds: number;
  /** How often each contender is measured. */
  readonly rounds: number;
  /** Rows in the full table. */
  readonly rows: number;
  /** The scenarios to run. */
  readonly only: readonly ScenarioName[];
  /** This checkout. */
  readonly checkout: Checkout;
  /** Another checkout, to compare this one with. */
  readonly baseline: Checkout | undefined;
}

/** The command line is not valid. The message is for the user. */
export class UsageError extends Error {}

/** Scenarios that a quick run leaves out. */
const slow: readonly ScenarioName[] = ["contention", "replicas", "filled", ...loadScenarioNames];

export const help = `Measures Kith against Postgres itself and against plain services, on this machine.

Usage: npm run bench -- [options]

  --quick          short runs, without the slow scenarios: under 90 s
  --seconds N      measured seconds of each run (5; quick: 0.8)
  --rounds N       how often each contender is measured (3; quick: 2)
  --rows N         rows in the full table (10,000,000)
  --only NAME      runs one scenario; can be repeated. The scenarios:
                   ${scenarioNames.join(", ")}
                   Slow: ${slow.join(", ")}
  --baseline DIR   compares this checkout with another one, whose dependencies are
                   installed. Each load runs on both, in turns. Nothing else is measured
                   and no results are written
  --help           prints this text

If pgbench is installed, it measures the limit of Postgres; otherwise a process of pg clients
does. Writes bench/results/latest.json and latest.svg. The results of ${loadScenarioNames.join(", ")}
are in files of their own, with a chart each.
`;

/**
 * Reads the command line.
 *
 * @returns undefined if the user asks for help
 * @throws UsageError
 */
export function parseOptions(args: readonly string[]): BenchOptions | undefined {
  const values = readFlags(args);
  if (values.help) return undefined;
  const isQuick = values.quick ?? false;
  const only = values.only ?? scenarioNames.filter((name) => !(isQuick && slow.includes(name)));
  return {
    isQuick,
    seconds: wholeNumber("seconds", values.seconds, isQuick ? 0.8 : 5),
    warmupSeconds: isQuick ? 0.3 : 1,
    rounds: wholeNumber("rounds", values.rounds, isQuick ? 2 : 3),
    rows: wholeNumber("rows", values.rows, 10_000_000),
    only: only.map(scenarioName),
    checkout: { name: "Kith", root },
    baseline: values.baseline === undefined ? undefined : baselineAt(values.baseline),
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
        baseline: { type: "string" },
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

function baselineAt(dir: string): Checkout {
  const problem = checkoutProblem(resolve(dir));
  if (problem !== undefined) throw new UsageError(`--baseline: ${problem}`);
  return { name: "baseline", root: resolve(dir) };
}

function scenarioName(text: string): ScenarioName {
  const found = scenarioNames.find((name) => name === text);
  if (found === undefined) {
    throw new UsageError(`--only must be one of ${scenarioNames.join(", ")}`);
  }
  return found;
}
