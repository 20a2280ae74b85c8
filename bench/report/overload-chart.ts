import type { TopLevelSpec } from "vega-lite";
import type { OverloadSeries } from "../scenarios/overload.ts";
import { chartConfig, drawSpec, otherColor, ownColor, textColor } from "./chart.ts";

interface Point {
  readonly factor: number;
  readonly series: string;
  readonly value: number;
}

/** The lines of the two panels, with their colours. */
const rates = { domain: ["served", "rejected or failed"], range: [ownColor, otherColor] };
const latencies = { domain: ["served, p99", "light app, p99"], range: [ownColor, otherColor] };

/** Draws the served and rejected calls and the latencies over the offered load, with a column for each series. */
export function drawOverload(series: readonly OverloadSeries[]): Promise<string> {
  const spec = {
    background: "transparent",
    padding: 8,
    title: { text: "Syncs of four contacts at 0.25 to 3 times the capacity", offset: 12 },
    spacing: 32,
    hconcat: series.map((each) => ({
      vconcat: [panel(shares(each), "of capacity", "linear"), panel(times(each), "ms", "log")],
      resolve: { scale: { color: "independent" }, legend: { color: "independent" } },
      title: { text: `${each.rows[0]?.connections} connections`, fontSize: 12 },
    })),
    config: chartConfig,
  } as const;
  return drawSpec(spec as unknown as TopLevelSpec);
}

function panel(values: readonly Point[], title: string, type: "linear" | "log") {
  const x = {
    field: "factor",
    type: "quantitative",
    title: "offered load, of capacity",
    axis: {
      values: [0.25, 1, 1.5, 2, 3],
      labelExpr: "datum.value + 'x'",
      grid: false,
      labelPadding: 4,
    },
  };
  const y = {
    field: "value",
    type: "quantitative",
    title,
    scale: type === "log" ? { type, domain: [1, 10_000] } : { domainMin: 0 },
    axis: {
      gridColor: textColor,
      gridOpacity: 0.2,
      labelPadding: 4,
      ...(type === "log" ? { values: [1, 10, 100, 1_000, 10_000] } : { tickCount: 4 }),
    },
  };
  const color = {
    field: "series",
    type: "nominal",
    title: null,
    scale: type === "log" ? latencies : rates,
    legend: { orient: "top", labelColor: textColor },
  };
  return {
    width: 300,
    height: 160,
    data: { values },
    mark: { type: "line", point: true, strokeWidth: 2 },
    encoding: { x, y, color },
  };
}

function shares({ rows }: OverloadSeries): Point[] {
  return rows.flatMap(({ factor, capacity, load }) => {
    const failed = Object.values(load.failures).reduce((sum, count) => sum + count, 0);
    const perSecond = (1_000 * failed) / (load.to - load.from);
    return [
      { factor, series: "served", value: load.callsPerSecond / capacity },
      { factor, series: "rejected or failed", value: perSecond / capacity },
    ];
  });
}

function times({ rows }: OverloadSeries): Point[] {
  return rows.flatMap(({ factor, load, watched }) => [
    { factor, series: "served, p99", value: Math.max(1, load.sentP99Ms) },
    { factor, series: "light app, p99", value: Math.max(1, watched.light.p99Ms) },
  ]);
}
