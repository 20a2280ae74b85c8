import type { Bar } from "../report/chart.ts";
import { drawBars } from "../report/chart.ts";
import type { Line } from "../report/line.ts";
import type { LightFigures } from "../watch/light-figures.ts";

/** The light app beside one load. */
export interface LightRow {
  /** The name of the load. */
  readonly name: string;
  readonly light: LightFigures;
  /** The light app without a load. */
  readonly quiet: LightFigures;
  /** The goal for the 99th percentile, in milliseconds. Default: 500. */
  readonly atMostMs?: number;
}

const goalMs = 500;

/** The lines of the light app beside a load. */
export function lightLines({ name, light, quiet, atMostMs = goalMs }: LightRow): Line[] {
  return [
    {
      subject: `Light app beside ${name}, p99`,
      value: light.p99Ms,
      unit: "ms",
      comparisons: [
        { name: "", atMost: atMostMs },
        { name: "no load", reference: quiet.p99Ms },
      ],
    },
    {
      subject: `Light app beside ${name}, failed`,
      value: light.errorCount,
      unit: "calls",
      comparisons: [{ name: "", atMost: 0 }],
    },
  ];
}

/** Draws the latency of the light app beside each load. The row without a load has a colour of its own. */
export function drawLightRows(options: {
  readonly title: string;
  readonly rows: readonly LightRow[];
}): Promise<string> {
  const [first] = options.rows;
  const bars = options.rows.map(({ name, light }): Bar => {
    const errors = light.errorCount === 0 ? "" : `, ${light.errorCount} failed`;
    return { name: `${name}${errors}`, value: light.p99Ms, isOwn: true };
  });
  return drawBars({
    title: options.title,
    subtitle: `99th percentile in ms; the goal is ${goalMs} ms and no failed call`,
    bars: [{ name: "no load", value: first?.quiet.p99Ms ?? 0, isOwn: false }, ...bars],
  });
}
