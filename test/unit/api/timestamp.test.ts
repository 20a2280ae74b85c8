import { toJson } from "@bufbuild/protobuf";
import { TimestampSchema, timestampMs } from "@bufbuild/protobuf/wkt";
import fc from "fast-check";
import { expect, test } from "vitest";
import { timestampOf } from "../../../src/api/timestamp.ts";

const examples: [micros: number, json: string][] = [
  [0, "1970-01-01T00:00:00Z"],
  [1, "1970-01-01T00:00:00.000001Z"],
  [999_999, "1970-01-01T00:00:00.999999Z"],
  [1_000_000, "1970-01-01T00:00:01Z"],
  [-1, "1969-12-31T23:59:59.999999Z"],
  [-1_000_000, "1969-12-31T23:59:59Z"],
  [1_767_323_045_123_456, "2026-01-02T03:04:05.123456Z"],
  [1_767_323_045_120_000, "2026-01-02T03:04:05.120Z"],
  [Number.MAX_SAFE_INTEGER, "2255-06-05T23:47:34.740991Z"],
];

test.each(examples)("%i microseconds are %s", (micros, json) => {
  expect(toJson(TimestampSchema, timestampOf(micros))).toBe(json);
});

test("microseconds are kept, and the fraction is never negative", () => {
  fc.assert(
    fc.property(fc.maxSafeInteger(), (micros) => {
      const { seconds, nanos } = timestampOf(micros);
      expect(seconds * 1_000_000n + BigInt(nanos / 1_000)).toBe(BigInt(micros));
      expect(nanos).toBeGreaterThanOrEqual(0);
      expect(nanos).toBeLessThan(1_000_000_000);
    }),
  );
});

test("a timestamp in milliseconds is the time of a Date", () => {
  fc.assert(
    fc.property(
      fc.date({
        noInvalidDate: true,
        max: new Date("2200-01-01T00:00:00Z"),
        min: new Date("1700-01-01T00:00:00Z"),
      }),
      (date) => {
        expect(timestampMs(timestampOf(date.getTime() * 1_000))).toBe(date.getTime());
      },
    ),
  );
});
