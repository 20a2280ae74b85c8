import type { Bench, Workload } from "../bench.ts";
import type { CallName } from "../load/job.ts";
import type { Line } from "../report/line.ts";
import { compareWorkloads } from "./compare.ts";

const clients = 48;

/** Loads of 48 clients that contend for rows, over three Kith processes on one database. */
const workloads: readonly Workload[] = [
  contended("sync-same-pairs", "the same 8 pairs", 8),
  contended("sync-few-owners", "50 owners x 20 contacts", 4),
  contended("replace-one-list", "replacing one list", 50),
  contended("sync-hot-owner", "a hot owner with new pairs", 4),
  contended("sync-hot-contact", "a hot contact with new pairs", 4),
];

export function measureContention(bench: Bench): Promise<Line[]> {
  return compareWorkloads(bench, "contention", workloads);
}

function contended(call: CallName, name: string, contacts: number): Workload {
  return {
    name,
    fixture: "cluster",
    shape: { call, protocol: "grpc", contacts, connections: clients, inFlight: clients },
    mayFail: true,
  };
}
