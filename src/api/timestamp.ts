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
 * Creates a function that converts microseconds. Entries that one request has added have the same time, so it
 * returns the latest timestamp again.
 */
export function createTimestampMaker(): (micros: number) => Timestamp {
  let lastMicros: number | undefined;
  let last = timestampOf(0);
  return (micros) => {
    if (micros !== lastMicros) last = timestampOf(micros);
    lastMicros = micros;
    return last;
  };
}

/**
 * Creates a function that writes times as ProtoJSON does: RFC 3339 in UTC. The entries of a page often have the
 * same time or the same second, so it keeps the texts of the latest one.
 */
export function createTimestampWriter(): (time: Timestamp) => string {
  let lastSeconds: bigint | undefined;
  let lastNanos: number | undefined;
  let secondText = "";
  let text = "";

  return (time) => {
    const { seconds, nanos } = time;
    if (seconds === lastSeconds && nanos === lastNanos) return text;
    const micros = nanos / 1_000;
    if (!Number.isInteger(micros) || micros < 0 || micros >= microsPerSecond) {
      return toJson(TimestampSchema, time);
    }
    if (seconds !== lastSeconds) {
      secondText = toJson(TimestampSchema, { ...time, nanos: 0 }).slice(0, -1);
    }
    const digits = String(microsPerSecond + micros).slice(1);
    const fraction = digits.endsWith("000") ? digits.slice(0, 3) : digits;
    text = micros === 0 ? `${secondText}Z` : `${secondText}.${fraction}Z`;
    lastSeconds = seconds;
    lastNanos = nanos;
    return text;
  };
}
