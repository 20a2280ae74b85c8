import type { Processes } from "../support/processes.ts";
import { createClientsLimit } from "./clients-limit.ts";
import { findPgbench } from "./find-pgbench.ts";
import { createPgbenchLimit } from "./pgbench-limit.ts";
import type { ScriptName } from "./scripts.ts";

/** Measures Postgres alone: clients run the statements of a call, without a service. */
export interface Limit {
  /** The name in the report. */
  readonly name: string;
  measure(job: LimitJob): Promise<LimitResult>;
  /** Whether it can measure latencies at a given rate. */
  readonly hasRate: boolean;
}

export interface LimitJob {
  readonly databaseUrl: string;
  readonly script: ScriptName;
  readonly clients: number;
  readonly warmupSeconds: number;
  readonly seconds: number;
  /** Transactions per second. If absent, the rate has no limit. */
  readonly rate?: number | undefined;
}

export interface LimitResult {
  readonly callsPerSecond: number;
  /** Milliseconds of a transaction; with a rate, from the time when it was due. */
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/**
 * Settings of the connections of the limit. Without them, a prepared statement that was planned for an
 * empty table scans the whole table until statistics exist. The limit must use the indexes.
 */
export const indexPlans = "-c enable_seqscan=off -c enable_hashjoin=off -c enable_mergejoin=off";

/** Uses pgbench or, if it is not installed, a process of `pg` clients with the same statements. */
export async function createLimit(options: {
  readonly processes: Processes;
  /** Directory for the logs of pgbench. */
  readonly scratch: string;
}): Promise<Limit> {
  const pgbench = await findPgbench(options.processes);
  return pgbench === undefined
    ? createClientsLimit(options)
    : createPgbenchLimit({ ...options, ...pgbench });
}
