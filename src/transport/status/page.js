/** Reads /metrics again and again, and shows what changed. */
import { createCharts } from "./charts.js";
import { duration, megabytes, none, number, percent, perSecond, uptime } from "./format.js";
import { methodsBetween, serviceOf, valuesBetween } from "./reading.js";
import { parseSamples } from "./samples.js";

const intervalMs = 2_000;
const timeoutMs = 5_000;
/** The charts show at most 5 minutes. */
const maxPoints = 150;

const element = (id) => document.getElementById(id);
const drawCharts = createCharts(element("charts"));
let points = [];
let before;

const tiles = [
  ["Calls", ({ calls }) => perSecond(calls)],
  ["Median latency", ({ p50 }) => duration(p50)],
  ["99 % latency", ({ p99 }) => duration(p99)],
  ["Errors", ({ failed, rejected }) => perSecond(failed + rejected)],
  ["In flight", ({ inFlight }) => number(inFlight)],
  ["Waiting syncs", ({ queued }) => number(queued)],
  [
    "Connections busy",
    ({ busy }, { maxConnections }) => `${number(busy)} of ${number(maxConnections)}`,
  ],
  ["CPU of one core", ({ cpu }) => percent(cpu)],
  ["Event loop delay", ({ eventLoopDelay }) => duration(eventLoopDelay)],
  ["Memory", ({ resident }) => megabytes(resident)],
].map(([label, read]) => {
  const [tile, term, value] = ["div", "dt", "dd"].map((name) => document.createElement(name));
  term.textContent = label;
  value.textContent = none;
  tile.append(term, value);
  element("tiles").append(tile);
  return { value, read };
});

async function update() {
  try {
    const response = await fetch("metrics", { signal: AbortSignal.timeout(timeoutMs) });
    if (!response.ok) throw new Error(`status ${response.status}`);
    const reading = { samples: parseSamples(await response.text()), at: Date.now() };
    show(reading);
    before = reading;
  } catch {
    showState("Not responding", "bad");
    for (const { value } of tiles) value.textContent = none;
    addPoint({ at: Date.now(), values: null });
  }
}

function show(reading) {
  const service = serviceOf(reading);
  showService(service);
  if (before === undefined) return;
  const values = valuesBetween(before, reading);
  addPoint({ at: reading.at, values });
  if (values === null) return;
  for (const { value, read } of tiles) value.textContent = read(values, service);
  element("calls").replaceChildren(...methodsBetween(before, reading).map(rowOf));
}

function addPoint(point) {
  points = [...points, point].slice(-maxPoints);
  drawCharts(points);
}

function showService({ database, version, commit, node, startedAt, callsSinceStart }) {
  const isReady = database === "ready";
  showState(isReady ? "Ready" : `Database ${database}`, isReady ? "good" : "bad");
  const up = uptime(Date.now() / 1_000 - startedAt);
  const parts = [
    `${version}${commit ? ` (${commit.slice(0, 7)})` : ""}`,
    `Node ${node}`,
    `up ${up}`,
  ];
  element("build").textContent = parts.join(" · ");
  element("empty").hidden = callsSinceStart > 0;
}

/** A screen reader announces the state when it changes. */
function showState(text, kind) {
  const state = element("state");
  if (state.textContent !== text) state.textContent = text;
  state.dataset.kind = kind;
}

function rowOf({ method, rate, p50, p99, total, failed }) {
  const row = document.createElement("tr");
  const name = document.createElement("th");
  name.scope = "row";
  const [service = "", rpc = "Unknown paths"] = method.split("/");
  name.textContent = rpc;
  if (service !== "_OTHER") {
    const small = document.createElement("small");
    small.textContent = service;
    name.append(small);
  }
  const texts = [perSecond(rate), duration(p50), duration(p99), number(total), number(failed)];
  row.append(
    name,
    ...texts.map((text) => {
      const cell = document.createElement("td");
      cell.textContent = text;
      return cell;
    }),
  );
  return row;
}

/** A page in the background asks for nothing. */
async function run() {
  if (!document.hidden) await update();
  setTimeout(run, intervalMs);
}

void run();
