import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { errors } from "../../src/errors.ts";
import { createWorkerMetrics } from "../../src/telemetry/metrics/worker-metrics.ts";
import type { Sample } from "../support/metrics.ts";
import { parseSamples, readMetrics } from "../support/metrics.ts";
import { entry, syncOverRest } from "./support/calls.ts";
import { eventually } from "./support/eventually.ts";
import { hasPrometheus, prometheusMissing, startPrometheus } from "./support/prometheus.ts";
import { dashboardQueries, ruleQueries, rulesFile, selectorsOf } from "./support/promql.ts";
import { hasPromtool, promtoolMissing } from "./support/promtool.ts";
import { serveForFile } from "./support/served.ts";

const served = serveForFile();
const queries = [...dashboardQueries(), ...ruleQueries()];
const selectors = queries.flatMap((query) =>
  selectorsOf(query).map((selector) => ({ where: query.where, ...selector })),
);
/** Prometheus itself adds these. */
const targetLabels = ["job", "instance"];

let samples: readonly Sample[];

beforeAll(async () => {
  await syncOverRest(served, [entry("a", "b")]);
  await eventually("the call has ended", async () => {
    samples = [...(await readMetrics(served.url)), ...(await workerSamples())];
    return samples.some(({ name }) => name === "rpc_server_call_duration_seconds_count");
  });
});

/** What only a service with workers has. */
async function workerSamples(): Promise<readonly Sample[]> {
  const metrics = createWorkerMetrics({
    workers: () => 2,
    replacements: () => [{ labels: { reason: "ended" }, value: 0 }],
    droppedLogLines: () => 0,
  });
  return parseSamples(await metrics.text());
}

test("the test finds the queries", () => {
  expect(dashboardQueries().length).toBeGreaterThan(30);
  expect(ruleQueries().length).toBeGreaterThan(15);
  for (const query of queries) {
    const isOfOthers = /\bup\{|kith:call_error_ratio/.test(query.expr);
    expect(selectorsOf(query).length > 0 || isOfOthers, query.expr).toBe(true);
  }
});

test.each(selectors)("$where: $metric exists, with its labels", ({ metric, matchers }) => {
  const found = samples.filter(({ name }) => name === metric);
  expect(found.length).toBeGreaterThan(0);
  const labels = new Set(found.flatMap((sample) => Object.keys(sample.labels)));
  for (const [label, operator, value] of matchers) {
    if (targetLabels.includes(label)) continue;
    expect(labels).toContain(label);
    const values = found.map((sample) => sample.labels[label]);
    if (operator === "=") expect(values).toContain(value);
  }
});

test("the codes in the queries are those of errors", () => {
  const codes = new Set<string>(Object.values(errors).map(({ grpc }) => grpc));
  const used = selectors.flatMap(({ matchers }) =>
    matchers.flatMap(([label, , value]) =>
      label === "rpc_response_status_code" ? value.split("|") : [],
    ),
  );
  expect(used).toContain("UNAVAILABLE");
  for (const code of used) expect(codes).toContain(code);
});

test("compose mounts files that exist", () => {
  const compose = readFileSync("docker/compose.yaml", "utf8");
  const mounts = [...compose.matchAll(/(\.\/[\w./-]+):\/etc\//g)].map(([, path = ""]) => path);
  expect(mounts).toHaveLength(3);
  for (const path of mounts) expect(existsSync(join("docker", path)), path).toBe(true);
});

function promtool(...args: string[]): string {
  return String(execFileSync("promtool", args, { stdio: "pipe" }));
}

describe.skipIf(!hasPromtool)(hasPromtool ? "promtool" : `promtool: ${promtoolMissing}`, () => {
  test("finds no fault in the configuration and the rules", () => {
    expect(promtool("check", "config", "docker/prometheus/prometheus.yml")).toContain("SUCCESS");
    expect(promtool("check", "rules", rulesFile)).toContain(`${ruleQueries().length} rules found`);
  });

  test("runs the unit tests of the rules", () => {
    const output = promtool("test", "rules", "docker/prometheus/kith.rules.test.yml");
    expect(output).toContain("SUCCESS");
  });

  test("accepts the queries of the dashboard", () => {
    const directory = mkdtempSync(join(tmpdir(), "kith-promtool-"));
    onTestFinished(() => rmSync(directory, { recursive: true }));
    const file = join(directory, "dashboard.yml");
    const rules = dashboardQueries().map(({ expr }, n) => ({ record: `panel:query:${n}`, expr }));
    writeFileSync(file, JSON.stringify({ groups: [{ name: "dashboard", rules }] }));
    expect(promtool("check", "rules", file)).toContain(`${rules.length} rules found`);
  });
});

test.skipIf(!hasPrometheus)(
  hasPrometheus
    ? "Prometheus scrapes the service, and runs every rule and query"
    : `Prometheus: ${prometheusMissing}`,
  async () => {
    const prometheus = await startPrometheus({ target: new URL(served.url).host });
    onTestFinished(() => prometheus.stop());
    await eventually("two scrapes", async () => {
      await syncOverRest(served, [entry("scraped", "b")]);
      const { result } = await prometheus.query(
        'rate(rpc_server_call_duration_seconds_count{job="kith"}[1m]) > 0',
      );
      return result.length > 0;
    });
    for (const { expr } of queries) await prometheus.query(expr);
    const withData = await prometheus.query("sum(kith_contacts_inserted_total)");
    expect(Number(withData.result[0]?.value[1])).toBeGreaterThan(0);
    await eventually("the rules have run", async () => {
      const health = await prometheus.ruleHealth();
      expect(health.filter((each) => each === "err")).toEqual([]);
      return health.every((each) => each === "ok");
    });
  },
);
