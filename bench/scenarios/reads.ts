import type { Bench, Workload } from "../bench.ts";
import type { Comparison, Line } from "../report/line.ts";
import { medianOf } from "../rounds.ts";

type ReadName = "page" | "check";

const contacts = 100;
const clients = 64;
const subjects: Readonly<Record<ReadName, string>> = {
  page: "a page of 100",
  check: "a check of 100 pairs",
};

/** The loads of a read: over gRPC, and over REST. */
export function createReadLoads(call: ReadName): readonly [Workload, Workload] {
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
  const line = (name: string, target: Pick<Comparison, "atLeast">): Line => ({
    subject: name,
    value: medianOf(samples, name, "callsPerSecond"),
    unit: "requests/s",
    comparisons: [{ name: limit, reference, ...target }],
  });
  return [line(grpc.name, { atLeast: 0.5 }), line(rest.name, {})];
}
