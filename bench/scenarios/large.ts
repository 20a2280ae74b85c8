import type { Bench } from "../bench.ts";
import type { Line } from "../report/line.ts";
import { medianOf } from "../rounds.ts";

const contacts = 1_000;
const inFlight = 8;

const names = {
  limit: "Postgres alone, 8 clients, arrays",
  kith: "Kith gRPC, 8 in flight",
};

/** Contacts a second in requests of 750 insertions and 250 deletions. */
export async function measureLarge(bench: Bench): Promise<Line[]> {
  const kith = await bench.kith();
  const shape = { call: "sync", protocol: "grpc", contacts, connections: 4, inFlight } as const;
  const samples = await bench.measureInRounds("large", [
    {
      name: names.limit,
      measure: () => bench.runLimit({ script: "thousand-contacts", clients: inFlight }),
    },
    { name: names.kith, measure: () => bench.runLoad(kith, shape) },
  ]);
  const contactsPerSecond = (name: string) => medianOf(samples, name, "callsPerSecond") * contacts;
  return [
    {
      subject: `${names.kith}, 1,000 contacts`,
      value: contactsPerSecond(names.kith),
      unit: "contacts/s",
      comparisons: [{ name: names.limit, reference: contactsPerSecond(names.limit), atLeast: 0.8 }],
    },
  ];
}
