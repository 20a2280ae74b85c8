import { join } from "node:path";
import type { Processes } from "../support/processes.ts";
import type { Limit, LimitJob, LimitResult } from "./limit.ts";

/** The limit without pgbench. It is lower, because one Node process runs all clients. */
export function createClientsLimit({ processes }: { readonly processes: Processes }): Limit {
  return {
    name: "pg clients (no pgbench)",
    hasRate: false,
    async measure(job: LimitJob): Promise<LimitResult> {
      const { stdout } = await processes.run({
        command: process.execPath,
        args: [join(import.meta.dirname, "clients.ts"), JSON.stringify(job)],
      });
      return JSON.parse(stdout) as LimitResult;
    },
  };
}
