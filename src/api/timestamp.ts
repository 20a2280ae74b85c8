import { toJson } from "@bufbuild/protobuf";
import type { Timestamp } from "@bufbuild/protobuf/wkt";
import { TimestampSchema } from "@bufbuild/protobuf/wkt";

const microsPerSecond = 1_000_000;

/** Converts whole microseconds since 1970, UTC. The result is exact for safe integers. */
export function timestampOf(micros: number): Timestamp {
  // The fraction of a second is positive, even before 1970.
  const fraction = ((micros % microsPerSecond) + microsPerSecond) % microsPerSecond;
  const seconds = BigInt((micros - fraction) / microsPerSecond);
  return { $typeName: "google.protobuf.Timestamp", seconds, nanos: fraction * 1_000 };
}

/**
 * Creates a function that writes times as ProtoJSON does: RFC 3339 in UTC. The entries of a page often have the
 * same second, so it keeps the text of the latest one.
 */
export function createTimestampWriter(): (time: Timestamp) => string {
  let lastSeconds: bigint | undefined;
  let lastText = "";
  return (time) => {
    const { seconds, nanos } = time;
    const micros = nanos / 1_000;
    if (!Number.isInteger(micros) || micros < 0 || micros >= microsPerSecond) {
      return toJson(TimestampSchema, time);
    }
    if (seconds !== lastSeconds) {
      lastText = toJson(TimestampSchema, { ...time, nanos: 0 }).slice(0, -1);
      lastSeconds = seconds;
    }
    if (micros === 0) return `${lastText}Z`;
    const digits = String(microsPerSecond + micros).slice(1);
    return `${lastText}.${digits.endsWith("000") ? digits.slice(0, 3) : digits}Z`;
  };
}
