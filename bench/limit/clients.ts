/** A process of `pg` clients, each of which runs a script's transaction again and again. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import pg from "pg";
import { createLatencies } from "../load/latencies.ts";
import type { LimitJob, LimitResult } from "./limit.ts";
import { indexPlans } from "./limit.ts";
import type { Script } from "./script.ts";
import { parseScript } from "./script.ts";

const job = JSON.parse(process.argv[2] ?? "{}") as LimitJob;
const script = parseScript(await readFile(join(import.meta.dirname, `${job.script}.sql`), "utf8"));

const clients = Array.from(
  { length: job.clients },
  () => new pg.Client({ connectionString: job.databaseUrl, options: indexPlans }),
);
await Promise.all(clients.map((client) => client.connect()));

const latencies = createLatencies();
const from = performance.now() + job.warmupSeconds * 1_000;
const until = from + job.seconds * 1_000;
await Promise.all(clients.map((client) => runAgainAndAgain(client, script)));
await Promise.all(clients.map((client) => client.end()));

const result: LimitResult = {
  callsPerSecond: latencies.count() / job.seconds,
  p50Ms: latencies.percentile(0.5),
  p99Ms: latencies.percentile(0.99),
};
console.log(JSON.stringify(result));

async function runAgainAndAgain(client: pg.Client, { statements, draw }: Script): Promise<void> {
  for (let at = performance.now(); at < until; ) {
    const values = draw();
    for (const [n, { text, variables }] of statements.entries()) {
      const parameters = variables.map((variable) => values.get(variable));
      await client.query({ name: `statement-${n}`, text, values: parameters });
    }
    const now = performance.now();
    if (now >= from && now < until) latencies.add(now - at);
    at = now;
  }
}
