import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { request } from "node:https";
import { Writable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import pino from "pino";
import { onTestFinished } from "vitest";
import type { ServerKey } from "../../src/access/server-key.ts";
import { generateServerKey, hashSecret, serverKeyHeader } from "../../src/access/server-key.ts";
import type { App } from "../../src/app.ts";
import { createApp } from "../../src/app.ts";
import { parseConfig } from "../../src/config.ts";
import { createDatabase } from "../../src/storage/database.ts";
import { createPostgresKeyStore } from "../../src/storage/postgres-key-store.ts";
import { createTestDatabase, serviceConnection } from "./database.ts";
import { patienceMs } from "./patience.ts";

export interface TestService {
  readonly app: App;
  /** Such as `http://127.0.0.1:41234`, or with `https` if the service has a certificate. */
  readonly url: string;
  /** Where `/metrics` and `/status` are. */
  readonly monitoringUrl: string;
  readonly port: number;
  readonly databaseUrl: string;
  /** The log lines so far, parsed. */
  readonly logs: Record<string, unknown>[];
  /** Creates an app for one test, with a key. */
  createApp(key?: { readonly expiresAt?: Date }): Promise<TestApp>;
  stop(): Promise<void>;
}

export interface TestApp {
  readonly id: number;
  readonly name: string;
  readonly key: ServerKey;
  /** The value of the Server-Key header. */
  readonly header: string;
}

/** Timeouts of the service that are long enough for a busy machine. */
export const unhurried: Readonly<Record<string, string>> = {
  REQUEST_TIMEOUT_MS: "120000",
  SHUTDOWN_TIMEOUT_MS: "120000",
};

/**
 * Starts the complete service in this process, with its own database and port.
 *
 * @param env configuration except the port and the database
 * @param logs receives the log lines, for a test that reads them before the service has started
 */
export async function startService(
  env: Record<string, string> = {},
  logs: Record<string, unknown>[] = [],
): Promise<TestService> {
  const database = await createTestDatabase();
  const { connectionString, prepares } = serviceConnection(database.url);
  const databaseEnv = {
    DATABASE_URL: connectionString,
    DATABASE_PREPARE: prepares === false ? "off" : "on",
  };
  const app = await createApp({
    config: parseConfig({ PORT: "0", ...databaseEnv, ...unhurried, ...env }),
    logger: pino({ level: "debug" }, collectInto(logs)),
    onFatal: (message) => {
      throw new Error(message);
    },
  });
  const { port, monitoring } = await app.listen();
  const url = `${env.TLS_CERT_FILE === undefined ? "http" : "https"}://127.0.0.1:${port}`;
  await untilReady(url, env);
  const admin = createDatabase({
    connectionString: env.DATABASE_URL ?? database.url,
    prepares: env.DATABASE_PREPARE !== "off",
    poolSize: 1,
    timeoutMs: patienceMs,
    onConnectionLost: () => {},
  });
  const keys = createPostgresKeyStore(admin);

  return {
    app,
    url,
    monitoringUrl: `http://127.0.0.1:${monitoring.port}`,
    port,
    databaseUrl: database.url,
    logs,
    async createApp({ expiresAt } = {}) {
      const made = await keys.createApp(`app-${randomBytes(6).toString("hex")}`);
      if (made === undefined) throw new Error("the name is taken");
      const key = generateServerKey();
      await keys.createKey({
        id: key.id,
        secretHash: hashSecret(key.secret),
        appId: made.id,
        expiresAt: expiresAt ?? null,
      });
      return { id: made.id, name: made.name, key, header: serverKeyHeader(key) };
    },
    async stop() {
      await app.close();
      await admin.destroy();
      await database.drop();
    },
  };
}

/** Waits until the service has a database connection. Opening it takes long on a slow machine. */
async function untilReady(url: string, env: Record<string, string>): Promise<void> {
  while (!(await isReady(`${url}/readyz`, env))) await sleep(10);
}

async function isReady(url: string, env: Record<string, string>): Promise<boolean> {
  if (env.TLS_CERT_FILE === undefined) return (await fetch(url)).ok;
  // A service that needs a client certificate gets its own.
  const [cert, key] = [env.TLS_CERT_FILE, env.TLS_KEY_FILE ?? ""].map((path) => readFileSync(path));
  const [response] = await once(
    request(url, { rejectUnauthorized: false, cert, key, agent: false }).end(),
    "response",
  );
  response.resume();
  return response.statusCode === 200;
}

/** Starts a service for the running test. It stops when the test ends. */
export async function startServiceForTest(env: Record<string, string> = {}): Promise<TestService> {
  const service = await startService(env);
  onTestFinished(() => service.stop());
  return service;
}

function collectInto(logs: Record<string, unknown>[]): Writable {
  return new Writable({
    write(line, _, done) {
      logs.push(JSON.parse(String(line)));
      done();
    },
  });
}
