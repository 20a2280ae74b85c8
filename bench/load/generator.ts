import type { Processes } from "../support/processes.ts";
import type { LoadJob, LoadResult } from "./job.ts";

/** Where calls go. */
export interface Target {
  readonly port: number;
  readonly serverKey?: string;
  readonly databaseUrl: string;
}

export type LoadShape = Omit<LoadJob, "port" | "serverKey">;

/** The calls were not all answered as they must be: nothing that was measured counts. */
export class WrongAnswers extends Error {}

/**
 * Runs a generator process against a target.
 *
 * @throws WrongAnswers
 */
export async function generateLoad(options: {
  readonly processes: Processes;
  readonly target: Target;
  readonly shape: LoadShape;
}): Promise<LoadResult> {
  const { port, serverKey } = options.target;
  const job: LoadJob = { ...options.shape, port, serverKey };
  const { stdout } = await options.processes.run({
    command: process.execPath,
    args: ["bench/load/main.ts", JSON.stringify(job)],
  });
  const result = JSON.parse(stdout) as LoadResult;
  if (result.wrong > 0) {
    throw new WrongAnswers(
      `${result.wrong} wrong answers over ${job.protocol}: ${result.complaint}`,
    );
  }
  if (result.calls === 0) throw new WrongAnswers(`no answers over ${job.protocol}`);
  return result;
}
