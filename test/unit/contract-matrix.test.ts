import { expect, test } from "vitest";
import { cellsOf } from "../contract/matrix.ts";

const others = ["p1", "p2", "p3", "p4", "p5"];
const protocols = ["gRPC, by grpc-js", "REST over HTTP/1.1", ...others];
const cases = { small: ["a", "b"], large: Array.from({ length: 12 }, (_, n) => `c${n}`) };
const sample = cellsOf(cases, protocols, "sample");

const nameOf = ({ testCase, protocol }: { testCase: string; protocol: string }) =>
  `${testCase} ${protocol}`;

test("the sample and the rest are the whole matrix, without overlap", () => {
  const names = [...sample, ...cellsOf(cases, protocols, "rest")].map(nameOf);
  const all = [...cases.small, ...cases.large].flatMap((testCase) =>
    protocols.map((protocol) => nameOf({ testCase, protocol })),
  );
  expect(names.sort()).toEqual(all.sort());
});

test.each([...cases.small, ...cases.large])(
  "the sample runs case %s over gRPC, REST and at least one other protocol",
  (testCase) => {
    const found = sample
      .filter((cell) => cell.testCase === testCase)
      .map(({ protocol }) => protocol);
    expect(found).toEqual(expect.arrayContaining(protocols.slice(0, 2)));
    expect(found.length).toBeGreaterThan(2);
  },
);

test.each(others)("the sample runs a case of every topic over %s", (protocol) => {
  const topics = sample.filter((cell) => cell.protocol === protocol).map(({ topic }) => topic);
  expect(new Set(topics)).toEqual(new Set(Object.keys(cases)));
});
