import { readFileSync } from "node:fs";
import type { Processes } from "../support/processes.ts";
import type { LoadJob, LoadResult } from "./job.ts";

/** A service that load is generated for. */
export interface Target {
  /** The ports of all its processes. */
  readonly ports: readonly number[];
  readonly serverKey?: string | undefined;
  readonly databaseUrl: string;
  /** File for its output. */
  readonly log: string;
}

export type LoadShape = Omit<LoadJob, "ports" | "serverKey">;

/** Calls failed or had wrong answers, so the measurement is not valid. */
export class WrongAnswers extends Error {}

/**
 * Runs a generator process for a target.
 *
 * @throws WrongAnswers
 */
export async function generateLoad(options: {
  readonly processes: Processes;
  readonly target: Target;
  readonly shape: LoadShape;
  /** Failed calls are counted, not thrown. */
  readonly mayFail: boolean;
}): Promise<LoadResult> {
  const { ports, serverKey } = options.target;
  const job: LoadJob = { ...options.shape, ports, serverKey };
  const { stdout } = await options.processes.run({
    command: process.execPath,
    args: ["bench/load/main.ts", JSON.stringify(job)],
  });
  const result = JSON.parse(stdout) as LoadResult;
  const { failed, wrong, problem } = result;
  if (wrong > 0 || (failed > 0 && !options.mayFail)) {
    throw new WrongAnswers(
      `${failed} failed calls and ${wrong} wrong answers over ${job.protocol}: ${problem}\n` +
        `The last line of the log of the service:\n${lastLine(options.target.log)}`,
    );
  }
  if (result.calls === 0 && !options.mayFail)
    throw new WrongAnswers(`no call succeeded over ${job.protocol}`);
  return result;
}

/** A failed gRPC call does not show its status here, but the service logs it. */
function lastLine(file: string): string {
  return readFileSync(file, "utf8").trimEnd().split("\n").at(-1) ?? "";
}
