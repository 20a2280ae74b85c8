import type { Bench, Workload } from "../bench.ts";
import type { Comparison, Line } from "../report/line.ts";
import { medianOf } from "../rounds.ts";
import { compareWorkloads } from "./compare.ts";

type ReadName = "page" | "check";

const contacts = 100;
const clients = 64;
const subjects: Readonly<Record<ReadName, string>> = {
  page: "a page of 100",
  check: "a check of 100 pairs",
};

type Target = Pick<Comparison, "atLeast">;

/** The throughput to reach, as a multiple of that of Postgres alone. */
const targets: Readonly<Record<ReadName, Readonly<Record<"grpc" | "rest", Target>>>> = {
  page: { grpc: { atLeast: 0.7 }, rest: { atLeast: 0.6 } },
  check: { grpc: { atLeast: 0.5 }, rest: {} },
};

/** The loads of a read: over gRPC, and over REST. */
function createReadLoads(call: ReadName): readonly [Workload, Workload] {
  const load = (name: string, protocol: "grpc" | "rest", connections: number): Workload => ({
    name: `Kith ${name}, ${subjects[call]}`,
    fixture: "lists",
    shape: { call, protocol, contacts, connections, inFlight: clients },
  });
  return [
    load(`gRPC, ${clients} in flight`, "grpc", 4),
    load(`REST, ${clients} connections`, "rest", clients),
  ];
}

/** Reads that are only compared with a baseline: pages the other way round, and checks of one pair. */
const comparedReads: Readonly<Record<ReadName, Workload>> = {
  page: {
    name: `Kith gRPC, ${clients} in flight, a page of 100 owners`,
    fixture: "lists",
    shape: { call: "owner-page", protocol: "grpc", contacts, connections: 4, inFlight: clients },
  },
  check: {
    name: "Kith gRPC, 32 in flight, a check of one pair",
    fixture: "lists",
    shape: { call: "check", protocol: "grpc", contacts: 1, connections: 4, inFlight: 32 },
  },
};

/** Measures a read on this checkout and on a baseline. */
export function compareRead(bench: Bench, call: ReadName): Promise<Line[]> {
  return compareWorkloads(bench, call, [...createReadLoads(call), comparedReads[call]]);
}

/** Pages of 100 contacts: the first page and later pages of lists with some hundreds of contacts. */
export function measurePage(bench: Bench): Promise<Line[]> {
  return measureRead(bench, "page");
}

/** Checks of 100 pairs: some are mutual, some are one-way, some do not exist. */
export function measureCheck(bench: Bench): Promise<Line[]> {
  return measureRead(bench, "check");
}

async function measureRead(bench: Bench, call: ReadName): Promise<Line[]> {
  const limit = `Postgres alone, ${clients} clients, ${subjects[call]}`;
  const [grpc, rest] = createReadLoads(call);
  const { databaseUrl } = await bench.deployments.get("lists", bench.options.checkout);
  const samples = await bench.measureInRounds(call, [
    { name: limit, measure: () => bench.addLimit(databaseUrl, { script: call, clients }) },
    { name: grpc.name, measure: () => bench.run(grpc) },
    { name: rest.name, measure: () => bench.run(rest) },
  ]);

  const reference = medianOf(samples, limit, "callsPerSecond");
  const line = (name: string, target: Target): Line => ({
    subject: name,
    value: medianOf(samples, name, "callsPerSecond"),
    unit: "requests/s",
    comparisons: [{ name: limit, reference, ...target }],
  });
  return [line(grpc.name, targets[call].grpc), line(rest.name, targets[call].rest)];
}
