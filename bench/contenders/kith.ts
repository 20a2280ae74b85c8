import type { ServerKey } from "../../src/access/server-key.ts";
import { serverKeyHeader } from "../../src/access/server-key.ts";
import type { Target } from "../load/generator.ts";
import { answersOk, findFreePort } from "../support/ports.ts";
import type { Processes } from "../support/processes.ts";
import { poll } from "../support/processes.ts";
import type { Checkout } from "./checkout.ts";
import { startCommand } from "./checkout.ts";

/** A Kith process that is ready for requests. Disposing of it stops it. */
export interface Kith extends Target, AsyncDisposable {
  readonly pid: number;
  /** Milliseconds from the start of the process to the first 200 of `/readyz`. */
  readonly readyMs: number;
}

export interface KithOptions {
  readonly processes: Processes;
  readonly checkout: Checkout;
  readonly databaseUrl: string;
  /** Processes on the same database need the same key. */
  readonly key: ServerKey;
  /** More variables. */
  readonly env?: Readonly<Record<string, string>> | undefined;
  /** File for its output. */
  readonly log: string;
}

const readyPollMs = 5;
const readyLimitMs = 60_000;

/** Starts Kith as `npm start` does, with the default configuration unless `env` says more. It migrates its database. */
export async function startKith(options: KithOptions): Promise<Kith> {
  const { processes, checkout, databaseUrl, key, env, log } = options;
  const port = await findFreePort();
  const startedAt = performance.now();
  const service = processes.start({
    ...startCommand(checkout),
    log,
    env: {
      ...env,
      DATABASE_URL: databaseUrl,
      PORT: String(port),
      BOOTSTRAP_SERVER_KEY: `${key.id}:${key.secret}`,
    },
  });
  const ready = poll({
    check: () => answersOk(`http://127.0.0.1:${port}/readyz`),
    everyMs: readyPollMs,
    limitMs: readyLimitMs,
    problem: "Kith was not ready",
  });
  await Promise.race([ready, service.failed]);
  return {
    pid: service.pid,
    ports: [port],
    serverKey: serverKeyHeader(key),
    databaseUrl,
    log,
    readyMs: performance.now() - startedAt,
    [Symbol.asyncDispose]: service.stop,
  };
}
