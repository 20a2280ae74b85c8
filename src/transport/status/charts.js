/** The charts of the page, drawn by uPlot. */
import { duration, megabytes, none, number, percent, perSecond } from "./format.js";
import uPlot from "./uplot.js";

/** A series is the name of a value of `valuesBetween`, its label, and its color. */
const charts = [
  {
    title: "Throughput",
    format: perSecond,
    series: [
      ["calls", "Calls", "--blue", "area"],
      ["inserted", "Contacts inserted", "--green"],
      ["deleted", "Contacts deleted", "--violet"],
    ],
  },
  {
    title: "Latency",
    format: duration,
    series: [
      ["p50", "Median", "--blue", "area"],
      ["p95", "95 %", "--orange"],
      ["p99", "99 %", "--red"],
      ["queueWait", "Queue, 99 %", "--violet"],
    ],
  },
  {
    title: "Queue of syncs",
    format: number,
    series: [
      ["queued", "Waiting", "--orange", "area"],
      ["inFlight", "Calls in flight", "--blue"],
    ],
  },
  {
    title: "Joined requests",
    format: number,
    series: [
      ["requestsPerTransaction", "Syncs per transaction", "--blue", "area"],
      ["readsPerRoundTrip", "Reads per round trip", "--green"],
    ],
  },
  {
    title: "Database connections",
    format: number,
    series: [
      ["busy", "Busy", "--blue", "area"],
      ["idle", "Idle", "--green"],
      ["waiting", "Waiting for one", "--red"],
    ],
  },
  {
    title: "Rejections and errors",
    format: perSecond,
    series: [
      ["rejected", "Rejected (overload, limits)", "--orange", "area"],
      ["invalid", "Caller at fault", "--blue"],
      ["failed", "Service at fault", "--red"],
    ],
  },
  {
    title: "Memory",
    format: megabytes,
    series: [
      ["resident", "Resident", "--blue", "area"],
      ["heap", "Heap in use", "--violet"],
    ],
  },
  {
    title: "Processor",
    format: percent,
    series: [["cpu", "CPU (of one core)", "--blue", "area"]],
  },
];

/** The steps of an axis of whole numbers. */
const wholeSteps = [1, 10, 100, 1_000, 10_000, 100_000].flatMap((power) => [
  power,
  2 * power,
  5 * power,
]);

const height = 180;
/** The shortest and the longest time that the charts show, in seconds. */
const least = 60;
const most = 300;

/**
 * Creates the charts in an element.
 *
 * @returns a function that draws the points: arrays of `{ at, values }`, where values can be null
 */
export function createCharts(parent) {
  const drawn = charts.map((chart) => createChart(parent, chart));
  const redraw = () => {
    for (const { plot } of drawn) plot.redraw(false, true);
  };
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
  return (points) => {
    const times = points.map(({ at }) => at / 1_000);
    for (const { draw } of drawn) draw(times, points);
  };
}

function createChart(parent, { title, format, series }) {
  const panel = document.createElement("figure");
  panel.className = "panel chart";
  const caption = document.createElement("figcaption");
  caption.textContent = title;
  const canvas = document.createElement("div");
  canvas.setAttribute("role", "img");
  panel.append(caption, canvas);
  parent.append(panel);

  const plot = new uPlot(
    {
      width: canvas.clientWidth,
      height,
      padding: [8, 18, 0, 0],
      legend: { live: true },
      cursor: { points: { size: 6 }, drag: { x: false, y: false }, y: false },
      scales: {
        x: { time: true, range: (_plot, _least, last) => windowOf(plotTimes(_plot), last) },
        y: { range: (_plot, _least, highest) => [0, niceTop(highest)] },
      },
      axes: [
        axis({ size: 28, space: 80, values: (_plot, splits) => splits.map(timeOf) }),
        axis({
          size: 62,
          space: 36,
          values: (_plot, splits) => splits.map(format),
          ...(format === number ? { incrs: wholeSteps } : {}),
        }),
      ],
      series: [
        {
          label: "Time",
          value: (_plot, seconds) => (seconds === null ? none : timeOf(seconds)),
        },
        ...series.map(([, label, color, shape]) => ({
          label,
          stroke: () => cssColor(color),
          fill:
            shape === "area"
              ? () => `color-mix(in srgb, ${cssColor(color)} 14%, transparent)`
              : undefined,
          width: 1.75,
          points: { show: true, size: 5, filter: isolated },
          value: (_plot, value) => format(value),
        })),
      ],
    },
    [[], ...series.map(() => [])],
    canvas,
  );
  new ResizeObserver(() => plot.setSize({ width: canvas.clientWidth, height })).observe(panel);

  return {
    plot,
    draw(times, points) {
      plot.setData([
        times,
        ...series.map(([name]) => points.map(({ values }) => values?.[name] ?? null)),
      ]);
      const last = times.length - 1;
      if (plot.cursor.idx === null || plot.cursor.idx === undefined) plot.setLegend({ idx: last });
      const latest = points.at(-1)?.values;
      const texts = series.map(([name, label]) => `${label}: ${format(latest?.[name])}`);
      canvas.setAttribute("aria-label", `${title}. ${texts.join(", ")}`);
    },
  };
}

function timeOf(seconds) {
  return new Date(seconds * 1_000).toLocaleTimeString("en-GB");
}

/** The points without neighbors: no line shows them. */
function isolated({ data }, series) {
  const values = data[series];
  const isMissing = (n) => values[n] === null || values[n] === undefined;
  return [...values.keys()].filter((n) => !isMissing(n) && isMissing(n - 1) && isMissing(n + 1));
}

function plotTimes({ data }) {
  return data[0];
}

function windowOf(times, last = Date.now() / 1_000) {
  const shown = Math.min(most, Math.max(least, last - (times[0] ?? last)));
  return [last - shown, last];
}

/** A round number above the highest value, so that the axis does not change with every point. */
function niceTop(highest) {
  if (!(highest > 0)) return 1;
  const magnitude = 10 ** Math.floor(Math.log10(highest));
  const step = [1, 2, 2.5, 5, 10].find((factor) => factor * magnitude >= highest * 1.05) ?? 20;
  return step * magnitude;
}

function axis(options) {
  return {
    stroke: () => cssColor("--muted"),
    grid: { stroke: () => cssColor("--line"), width: 1 },
    ticks: { show: false },
    font: "12px system-ui, sans-serif",
    ...options,
  };
}

function cssColor(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}
