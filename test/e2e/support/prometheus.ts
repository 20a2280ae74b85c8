import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { freePort } from "../../support/free-port.ts";
import { eventually } from "./eventually.ts";
import { rulesFile } from "./promql.ts";

/** Whether the program prometheus is installed. */
export const hasPrometheus = spawnSync("prometheus", ["--version"]).status === 0;

/** The text that a skipped test shows. */
export const prometheusMissing = "Prometheus is not installed";

export interface QueryResult {
  readonly result: readonly { readonly value: readonly [time: number, value: string] }[];
}

export interface RunningPrometheus {
  /** Runs a query. Throws if it is not valid. */
  query(expr: string): Promise<QueryResult>;
  /** The state of each rule: `ok`, `err`, or `unknown` before its first run. */
  ruleHealth(): Promise<string[]>;
  stop(): Promise<void>;
}

/** Starts Prometheus with the rules of `docker/prometheus`. It scrapes the target as the job `kith`. */
export async function startPrometheus(options: {
  readonly target: string;
}): Promise<RunningPrometheus> {
  const directory = mkdtempSync(join(tmpdir(), "kith-prometheus-"));
  const config = join(directory, "prometheus.yml");
  // JSON is YAML.
  writeFileSync(
    config,
    JSON.stringify({
      global: { scrape_interval: "1s", evaluation_interval: "1s" },
      rule_files: [resolve(rulesFile)],
      scrape_configs: [{ job_name: "kith", static_configs: [{ targets: [options.target] }] }],
    }),
  );
  const url = `http://127.0.0.1:${await freePort()}`;
  const child = spawn(
    "prometheus",
    [
      `--config.file=${config}`,
      `--storage.tsdb.path=${join(directory, "data")}`,
      `--web.listen-address=${new URL(url).host}`,
    ],
    { stdio: "ignore" },
  );
  const exited = once(child, "exit");

  async function get(path: string): Promise<unknown> {
    const response = await fetch(url + path);
    const { status, data, error } = (await response.json()) as Record<string, unknown>;
    if (status !== "success") throw new Error(`${path}: ${error}`);
    return data;
  }

  await eventually("Prometheus is ready", async () => {
    if (child.exitCode !== null)
      throw new Error("Prometheus has ended: its configuration is not valid");
    const response = await fetch(`${url}/-/ready`).catch(() => undefined);
    return response?.ok ?? false;
  });
  return {
    query: async (expr) =>
      (await get(`/api/v1/query?query=${encodeURIComponent(expr)}`)) as QueryResult,
    async ruleHealth() {
      const { groups } = (await get("/api/v1/rules")) as {
        readonly groups: readonly { readonly rules: readonly { readonly health: string }[] }[];
      };
      return groups.flatMap(({ rules }) => rules.map(({ health }) => health));
    },
    async stop() {
      child.kill();
      await exited;
      rmSync(directory, { recursive: true });
    },
  };
}
