import { expect, test } from "vitest";
import { createGrpcAnswer } from "../../../bench/load/grpc-answer.ts";
import type { Problem } from "../../../bench/load/problem.ts";

/** Frames of a response: HEADERS, or DATA with some bytes. */
type Frame = "headers" | readonly number[];

const message = [0, 0, 0, 0, 2, 8, 3];

function check(frames: readonly Frame[]): Problem | undefined {
  const answer = createGrpcAnswer({
    length: 0,
    write: () => {},
    checkData: () => undefined,
    checkMessage: (bytes, start, end) =>
      bytes.toString("hex", start, end) === "0803" ? undefined : "wrong counts",
  });
  for (const frame of frames) {
    if (frame === "headers") answer.onHeaders(Buffer.of(), false);
    else answer.onData(Buffer.from(frame), 0, frame.length);
  }
  return answer.end();
}

const successes: [name: string, frames: Frame[]][] = [
  ["one DATA frame", ["headers", message, "headers"]],
  ["a message in three DATA frames", ["headers", [0, 0], [0, 0, 2], [8, 3], "headers"]],
];
test.each(successes)("a successful response: %s", (_, frames) => {
  expect(check(frames)).toBeUndefined();
});

const failures: [name: string, frames: Frame[]][] = [
  ["Trailers-Only", ["headers"]],
  ["headers and trailers", ["headers", "headers"]],
];
test.each(failures)("a failed call: %s", (_, frames) => {
  expect(check(frames)?.kind).toBe("failed");
});

const wrongAnswers: [name: string, frames: Frame[], text: string][] = [
  ["wrong counts", ["headers", [0, 0, 0, 0, 2, 8, 4], "headers"], "wrong counts"],
  ["no trailers", ["headers", message], "the answer has no trailers"],
  ["a message that ends early", ["headers", [0, 0, 0, 0, 2, 8], "headers"], "not complete"],
  ["an empty DATA frame", ["headers", [], "headers"], "not complete"],
  ["bytes after the message", ["headers", [...message, 0], "headers"], "bytes after the message"],
  ["three HEADERS frames", ["headers", message, "headers", "headers"], "3 HEADERS frames"],
  ["three HEADERS frames without DATA", ["headers", "headers", "headers"], "3 HEADERS frames"],
];
test.each(wrongAnswers)("an invalid response: %s", (_, frames, text) => {
  expect(check(frames)).toEqual({ kind: "wrong", text: expect.stringContaining(text) });
});

test("DATA before the headers ends the connection", () => {
  expect(() => check([message])).toThrow("DATA does not follow the headers");
});
