import type { LoadShape } from "../load/generator.ts";
import { selectLists } from "../load/lists.ts";
import type { BenchOptions } from "../options.ts";

/** The target of a load: one or more Kith processes on one database, and the rows in its table. */
export interface Fixture {
  readonly processes: number;
  /** SELECT of the app, owner and contact of each row. If absent, the table is emptied before each run. */
  readonly select?: (options: BenchOptions) => string;
  /** Loads that run once after the start, so that the code is compiled before the first measured run. */
  readonly warmUp: readonly Shape[];
}

/** A load without its duration, which is the same for all. */
export type Shape = Omit<LoadShape, "seconds" | "warmupSeconds">;

export type FixtureName = "empty" | "lists" | "filled" | "cluster";

const grpcSync: Shape = {
  call: "sync",
  protocol: "grpc",
  contacts: 4,
  connections: 16,
  inFlight: 64,
};
const httpSync: Shape = { ...grpcSync, protocol: "rest", connections: 64 };
const grpcRead: Shape = { ...grpcSync, call: "page", contacts: 100 };
const httpRead: Shape = { ...httpSync, call: "page", contacts: 100 };

export const fixtures: Readonly<Record<FixtureName, Fixture>> = {
  empty: {
    processes: 1,
    warmUp: [grpcSync, httpSync, { ...httpSync, protocol: "connect" }],
  },
  lists: {
    processes: 1,
    select: () => selectLists,
    warmUp: [
      ...[grpcRead, httpRead],
      ...[grpcRead, httpRead].map((shape) => ({ ...shape, call: "check" }) as const),
    ],
  },
  /** As many rows as the options say, spread over as many owners as the load has. */
  filled: {
    processes: 1,
    select: ({ rows }) => `
      SELECT 1, 'owner-' || (10000 + n * 90000 / ${rows}), 'c' || left(md5(n::text), 19)
      FROM generate_series(0::bigint, ${rows - 1}) AS n`,
    warmUp: [{ ...grpcSync, connections: 4 }],
  },
  cluster: { processes: 3, warmUp: [{ ...grpcSync, connections: 12 }] },
};
