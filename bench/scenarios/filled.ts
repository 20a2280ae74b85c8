import type { Bench } from "../bench.ts";
import type { Line } from "../report/line.ts";
import { medianOf } from "../rounds.ts";
import { fillContacts } from "../support/fill.ts";

const shape = {
  call: "sync",
  protocol: "grpc",
  contacts: 4,
  connections: 4,
  inFlight: 64,
} as const;

/** What a table of many rows costs. The rows are spread over as many owners as the load has. */
export async function measureFilled(bench: Bench): Promise<Line[]> {
  const { server, options, progress } = bench;
  const rows = options.rows.toLocaleString("en-US");
  const names = { empty: "Kith gRPC, empty table", filled: `Kith gRPC, ${rows} rows` };

  progress(`filled: inserting ${rows} rows`);
  const databaseUrl = await server.createDatabase("filled");
  await fillContacts({ server, databaseUrl, select: selectRows(options.rows) });
  progress("filled: inserted");

  const emptyKith = await bench.kith();
  await using filledKith = await bench.freshKith(databaseUrl);
  await bench.addLoad(filledKith, shape);
  const samples = await bench.measureInRounds("filled", [
    { name: names.empty, measure: () => bench.runLoad(emptyKith, shape) },
    { name: names.filled, measure: () => bench.addLoad(filledKith, shape) },
  ]);

  return [
    {
      subject: `${names.filled}, 64 in flight`,
      value: medianOf(samples, names.filled, "callsPerSecond"),
      unit: "requests/s",
      comparisons: [
        {
          name: names.empty,
          reference: medianOf(samples, names.empty, "callsPerSecond"),
          atLeast: 0.7,
        },
      ],
    },
  ];
}

function selectRows(rows: number): string {
  return `
    SELECT 1, 'owner-' || (10000 + n * 90000 / ${rows}), 'c' || left(md5(n::text), 19)
    FROM generate_series(0::bigint, ${rows - 1}) AS n`;
}
