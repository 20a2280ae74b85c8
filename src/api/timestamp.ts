import type { Timestamp } from "@bufbuild/protobuf/wkt";

const microsPerSecond = 1_000_000;

/** A time in whole microseconds since 1970, UTC, as protobuf has it. Exact within safe integers. */
export function timestampOf(micros: number): Timestamp {
  // Of times before 1970 the fraction counts forwards from the second before.
  const fraction = ((micros % microsPerSecond) + microsPerSecond) % microsPerSecond;
  const seconds = BigInt((micros - fraction) / microsPerSecond);
  return { $typeName: "google.protobuf.Timestamp", seconds, nanos: fraction * 1_000 };
}
