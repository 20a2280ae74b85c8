import type { Bench } from "../bench.ts";
import type { CallName } from "../load/job.ts";
import type { Comparison, Line } from "../report/line.ts";
import { medianOf } from "../rounds.ts";

const contacts = 100;
const clients = 64;

/** Pages of 100 contacts, first and later ones alike, of lists of some hundreds. */
export function measurePage(bench: Bench): Promise<Line[]> {
  return measureRead(bench, "page", "a page of 100");
}

/** Checks of 100 pairs, some mutual, some one way, some missing. */
export function measureCheck(bench: Bench): Promise<Line[]> {
  return measureRead(bench, "check", "a check of 100 pairs");
}

async function measureRead(
  bench: Bench,
  call: Exclude<CallName, "sync">,
  what: string,
): Promise<Line[]> {
  const kith = await bench.kithWithLists();
  const limit = `Postgres alone, ${clients} clients, ${what}`;
  const grpc = `Kith gRPC, ${clients} in flight, ${what}`;
  const rest = `Kith REST, ${clients} connections, ${what}`;
  const samples = await bench.measureInRounds(call, [
    { name: limit, measure: () => bench.addLimit(kith.databaseUrl, { script: call, clients }) },
    {
      name: grpc,
      measure: () =>
        bench.addLoad(kith, {
          call,
          protocol: "grpc",
          contacts,
          connections: 4,
          inFlight: clients,
        }),
    },
    {
      name: rest,
      measure: () =>
        bench.addLoad(kith, {
          call,
          protocol: "rest",
          contacts,
          connections: clients,
          inFlight: clients,
        }),
    },
  ]);

  const reference = medianOf(samples, limit, "callsPerSecond");
  const line = (name: string, target: Pick<Comparison, "atLeast">): Line => ({
    subject: name,
    value: medianOf(samples, name, "callsPerSecond"),
    unit: "requests/s",
    comparisons: [{ name: limit, reference, ...target }],
  });
  return [line(grpc, { atLeast: 0.5 }), line(rest, {})];
}
