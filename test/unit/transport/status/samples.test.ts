import { describe, expect, test } from "vitest";

// The page is plain JavaScript, without types.
const directory = new URL("../../../../src/transport/status/", import.meta.url).pathname;
const { buckets, difference, parseSamples, quantile, sum } = await import(`${directory}samples.js`);
const { duration, number, percent, uptime } = await import(`${directory}format.js`);

const text = `# HELP a_total A
# TYPE a_total counter
a_total{x="1",y="q\\"uote"} 3
a_total{x="2",y=""} 4.5
b 1e-7
h_bucket{le="1",x="1"} 2
h_bucket{le="+Inf",x="1"} 3
h_bucket{le="1",x="2"} 1
h_bucket{le="+Inf",x="2"} 1
`;

describe("parseSamples", () => {
  const samples = parseSamples(text);

  test("reads labels and values", () => {
    expect(samples.get("a_total")).toEqual([
      { labels: { x: "1", y: 'q\\"uote' }, value: 3 },
      { labels: { x: "2", y: "" }, value: 4.5 },
    ]);
    expect(samples.get("b")).toEqual([{ labels: {}, value: 1e-7 }]);
  });

  test("sum adds the samples that match", () => {
    expect(sum(samples, "a_total")).toBe(7.5);
    expect(sum(samples, "a_total", ({ x }: Record<string, string>) => x === "2")).toBe(4.5);
    expect(sum(samples, "missing")).toBe(0);
  });

  test("buckets adds up the other labels", () => {
    expect(buckets(samples, "h")).toEqual([
      [1, 3],
      [Infinity, 4],
    ]);
  });
});

test("difference takes a bucket that is new as it is", () => {
  const after = [
    [1, 5],
    [2, 9],
  ];
  expect(difference([[1, 2]], after)).toEqual([
    [1, 3],
    [2, 9],
  ]);
});

describe("quantile", () => {
  const cumulative = [
    [1, 10],
    [2, 10],
    [4, 30],
    [Infinity, 40],
  ];

  test.each([
    [0.125, 0.5],
    [0.25, 1],
    [0.5, 3],
    [0.75, 4],
    [0.99, 4],
  ])("%f is %f", (share, value) => {
    expect(quantile(share, cumulative)).toBeCloseTo(value);
  });

  test("of nothing is null", () => {
    expect(quantile(0.5, [])).toBeNull();
    expect(quantile(0.5, [[Infinity, 0]])).toBeNull();
  });
});

test.each([
  [duration(0.000_25), "0.25 ms"],
  [duration(0.004_2), "4.2 ms"],
  [duration(0.25), "250 ms"],
  [duration(2.5), "2.5 s"],
  [duration(null), "–"],
  [number(12_345.6), "12,346"],
  [number(0.25), "0.25"],
  [percent(0.005), "0.5 %"],
  [uptime(59.9), "59 s"],
  [uptime(3_661), "1 h 1 min"],
  [uptime(90_000), "1 d 1 h"],
])("a value is formatted: %s", (formatted, expected) => {
  expect(formatted).toBe(expected);
});
