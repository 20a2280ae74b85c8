import { randomBytes } from "node:crypto";
import { serverKeyHeader } from "../../src/access/server-key.ts";
import { startArguments } from "../../test/support/start-arguments.ts";
import type { Target } from "../load/generator.ts";
import { answersOk, findFreePort } from "../support/ports.ts";
import type { Processes } from "../support/processes.ts";
import { poll } from "../support/processes.ts";

/** A Kith process, ready for requests; disposing of it stops it. */
export interface Kith extends Target, AsyncDisposable {
  readonly pid: number;
  /** From its start to its first `/readyz` of 200, in milliseconds. */
  readonly readyMs: number;
}

export interface KithOptions {
  readonly processes: Processes;
  readonly databaseUrl: string;
  /** File for what it writes. */
  readonly log: string;
  /** Further environment; without it the configuration is the default one. */
  readonly env?: Readonly<Record<string, string>>;
}

const readyPollMs = 5;
const readyLimitMs = 60_000;

/** Starts Kith as `npm start` does, with nothing but a database, a port and a key. */
export async function startKith({ processes, databaseUrl, log, env }: KithOptions): Promise<Kith> {
  const port = await findFreePort();
  const key = { id: "bench", secret: randomBytes(24).toString("base64url") };
  const startedAt = performance.now();
  const service = processes.start({
    command: process.execPath,
    args: startArguments,
    log,
    env: {
      DATABASE_URL: databaseUrl,
      PORT: String(port),
      BOOTSTRAP_SERVER_KEY: `${key.id}:${key.secret}`,
      ...env,
    },
  });
  const ready = poll({
    ask: () => answersOk(`http://127.0.0.1:${port}/readyz`),
    everyMs: readyPollMs,
    limitMs: readyLimitMs,
    what: "Kith was not ready",
  });
  await Promise.race([ready, service.failed]);
  return {
    pid: service.pid,
    port,
    serverKey: serverKeyHeader(key),
    databaseUrl,
    readyMs: performance.now() - startedAt,
    [Symbol.asyncDispose]: service.stop,
  };
}
