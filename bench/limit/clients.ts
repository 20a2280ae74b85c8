/** A process of `pg` clients. Each client repeats the transaction of a script. */
import { randomInt } from "node:crypto";
import pg from "pg";
import { createLatencies } from "../load/latencies.ts";
import type { LimitJob, LimitResult } from "./limit.ts";
import { indexPlans } from "./limit.ts";
import type { Script } from "./script.ts";
import { parseScript } from "./script.ts";
import { loadScripts } from "./scripts.ts";

const job = JSON.parse(process.argv[2] ?? "{}") as LimitJob;
const { sources, constants } = await loadScripts(job.script);
const scripts = sources.map((source, n) => parseScript(source, { name: `script-${n}`, constants }));

const clients = Array.from(
  { length: job.clients },
  () => new pg.Client({ connectionString: job.databaseUrl, options: indexPlans }),
);
await Promise.all(clients.map((client) => client.connect()));

const latencies = createLatencies();
const from = performance.now() + job.warmupSeconds * 1_000;
const until = from + job.seconds * 1_000;
await Promise.all(clients.map((client) => repeatTransactions(client)));
await Promise.all(clients.map((client) => client.end()));

const result: LimitResult = {
  callsPerSecond: latencies.count() / job.seconds,
  p50Ms: latencies.percentile(0.5),
  p99Ms: latencies.percentile(0.99),
};
console.log(JSON.stringify(result));

async function repeatTransactions(client: pg.Client): Promise<void> {
  for (let at = performance.now(); at < until; ) {
    const { statements, draw } = scripts[randomInt(scripts.length)] as Script;
    const values = draw();
    for (const { name, text, variables } of statements) {
      const parameters = variables.map((variable) => values.get(variable));
      await client.query({ name, text, values: parameters });
    }
    const now = performance.now();
    if (now >= from && now < until) latencies.add(now - at);
    at = now;
  }
}
