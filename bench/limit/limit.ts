import type { Processes } from "../support/processes.ts";
import { createClientsLimit } from "./clients-limit.ts";
import { findPgbench } from "./find-pgbench.ts";
import { createPgbenchLimit } from "./pgbench-limit.ts";
import type { ScriptName } from "./scripts.ts";

/** What Postgres does with the plain statements of a call and nothing in front of it. */
export interface Limit {
  /** As the report names it. */
  readonly name: string;
  measure(job: LimitJob): Promise<LimitResult>;
  /** Whether it can keep a given rate, for latencies below its peak. */
  readonly hasRate: boolean;
}

export interface LimitJob {
  readonly databaseUrl: string;
  readonly script: ScriptName;
  readonly clients: number;
  readonly warmupSeconds: number;
  readonly seconds: number;
  /** Transactions per second; absent: as many as go. */
  readonly rate?: number | undefined;
}

export interface LimitResult {
  readonly callsPerSecond: number;
  /** Milliseconds of a transaction; with a rate, from when it was due. */
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/**
 * Settings of the limit's connections. A prepared statement keeps the plan that was made for an empty
 * table, which reads the whole table, until statistics exist; the limit is what the indexes allow.
 */
export const indexPlans = "-c enable_seqscan=off -c enable_hashjoin=off -c enable_mergejoin=off";

/** pgbench, or where it is not installed the same statements from a process of `pg` clients. */
export async function createLimit(options: {
  readonly processes: Processes;
  /** Directory for what pgbench logs. */
  readonly scratch: string;
}): Promise<Limit> {
  const pgbench = await findPgbench(options.processes);
  return pgbench === undefined
    ? createClientsLimit(options)
    : createPgbenchLimit({ ...options, ...pgbench });
}
