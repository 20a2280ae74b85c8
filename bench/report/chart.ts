import { parse, View } from "vega";
import type { TopLevelSpec } from "vega-lite";
import { compile } from "vega-lite";

export interface Bar {
  readonly name: string;
  readonly value: number;
  /** The bars of Kith have a colour of their own. */
  readonly isOwn: boolean;
}

/** Legible on white and on black: the contrast to both is 4 or more. */
export const textColor = "#7a7f87";
/** The look that all charts have in common. */
export const chartConfig = {
  font: "system-ui, sans-serif",
  view: { stroke: null },
  axis: {
    domain: false,
    ticks: false,
    labelColor: textColor,
    titleColor: textColor,
    labelFontSize: 12,
    labelLimit: 400,
    labelPadding: 8,
  },
  title: { color: textColor, subtitleColor: textColor, fontSize: 14, subtitleFontSize: 12 },
} as const;

export const ownColor = "#3d84d6";
export const otherColor = "#8d939b";

/** Draws horizontal bars as SVG, without a background. */
export async function drawBars(options: {
  readonly title: string;
  readonly subtitle: string;
  readonly bars: readonly Bar[];
}): Promise<string> {
  return drawSpec(specOf(options));
}

/** Draws a specification of vega-lite as SVG. */
export async function drawSpec(spec: TopLevelSpec): Promise<string> {
  const view = new View(parse(compile(spec).spec), { renderer: "none" });
  const svg = await view.toSVG();
  view.finalize();
  return `${svg}\n`;
}

function specOf({ title, subtitle, bars }: Parameters<typeof drawBars>[0]): TopLevelSpec {
  const y = { field: "name", type: "nominal", sort: null, title: null } as const;
  const x = {
    field: "value",
    type: "quantitative",
    axis: null,
    scale: { domainMax: Math.max(...bars.map(({ value }) => value)) * 1.15 },
  } as const;
  return {
    width: 480,
    height: { step: 30 },
    background: "transparent",
    padding: 8,
    title: { text: title, subtitle, anchor: "start", offset: 12 },
    data: { values: bars.map((bar) => ({ ...bar })) },
    encoding: { y, x },
    layer: [
      {
        mark: { type: "bar", height: 18, cornerRadiusEnd: 2 },
        encoding: {
          color: {
            field: "isOwn",
            type: "nominal",
            scale: { domain: [true, false], range: [ownColor, otherColor] },
            legend: null,
          },
        },
      },
      {
        mark: { type: "text", align: "left", dx: 6, color: textColor, fontSize: 12 },
        encoding: { text: { field: "value", type: "quantitative", format: ",.0f" } },
      },
    ],
    config: chartConfig,
  };
}
