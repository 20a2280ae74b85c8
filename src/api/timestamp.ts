import type { Timestamp } from "@bufbuild/protobuf/wkt";

const microsPerSecond = 1_000_000;

/** Converts whole microseconds since 1970, UTC. The result is exact for safe integers. */
export function timestampOf(micros: number): Timestamp {
  // The fraction of a second is positive, even before 1970.
  const fraction = ((micros % microsPerSecond) + microsPerSecond) % microsPerSecond;
  const seconds = BigInt((micros - fraction) / microsPerSecond);
  return { $typeName: "google.protobuf.Timestamp", seconds, nanos: fraction * 1_000 };
}
