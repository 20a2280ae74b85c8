import type { Bench, Workload } from "../bench.ts";
import type { Line } from "../report/line.ts";
import { medianOf } from "../rounds.ts";

const contacts = 1_000;
const inFlight = 8;
const limitName = "Postgres alone, 8 clients, arrays";

/** Requests of 750 insertions and 250 deletions. */
export const largeLoad: Workload = {
  name: "Kith gRPC, 8 in flight, 1,000 contacts",
  fixture: "empty",
  shape: { call: "sync", protocol: "grpc", contacts, connections: 4, inFlight },
};

/** Contacts per second in large requests. */
export async function measureLarge(bench: Bench): Promise<Line[]> {
  const samples = await bench.measureInRounds("large", [
    {
      name: limitName,
      measure: () => bench.runLimit({ script: "thousand-contacts", clients: inFlight }),
    },
    { name: largeLoad.name, measure: () => bench.run(largeLoad) },
  ]);
  const contactsPerSecond = (name: string) => medianOf(samples, name, "callsPerSecond") * contacts;
  return [
    {
      subject: largeLoad.name,
      value: contactsPerSecond(largeLoad.name),
      unit: "contacts/s",
      comparisons: [{ name: limitName, reference: contactsPerSecond(limitName), atLeast: 0.8 }],
    },
  ];
}
