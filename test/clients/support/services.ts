import { serverKeyHeader } from "../../../src/access/server-key.ts";
import { startDatabaseProxy } from "../../e2e/support/database-proxy.ts";
import type { ServiceProcess } from "../../e2e/support/process.ts";
import { startProcess } from "../../e2e/support/process.ts";

/** Two services on one database. Each keeps its port when it restarts. */
export interface Services extends AsyncDisposable {
  readonly ports: readonly number[];
  /** The value of the Server-Key header. */
  readonly serverKey: string;
  /** Restarts one service, then the other. */
  restartInTurn(): Promise<void>;
  /** Disconnects the database until both services answer 503. */
  interruptDatabase(): Promise<void>;
}

export async function startServices(databaseUrl: string): Promise<Services> {
  const key = { id: "clients", secret: "a-secret-for-examples" };
  const database = await startDatabaseProxy(databaseUrl);
  const env = {
    DATABASE_URL: database.url,
    BOOTSTRAP_SERVER_KEY: `${key.id}:${key.secret}`,
    LOG_LEVEL: "warn",
  };
  const processes: ServiceProcess[] = [];
  const ports: number[] = [];
  for (let n = 0; n < 2; n += 1) {
    const service = startProcess({ ...env, PORT: "0" });
    processes.push(service);
    ports.push(Number(new URL(await service.url()).port));
  }

  return {
    ports,
    serverKey: serverKeyHeader(key),
    async restartInTurn() {
      for (const [n, port] of ports.entries()) {
        await processes[n]?.[Symbol.asyncDispose]();
        const service = startProcess({ ...env, PORT: String(port) });
        processes[n] = service;
        await service.url();
      }
    },
    async interruptDatabase() {
      await database.cut("refuses");
      try {
        await Promise.all(ports.map((port) => untilUnavailable(port, serverKeyHeader(key))));
      } finally {
        await database.restore();
      }
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(processes.map((service) => service[Symbol.asyncDispose]()));
      await database[Symbol.asyncDispose]();
    },
  };
}

async function untilUnavailable(port: number, serverKey: string): Promise<void> {
  const url = `http://127.0.0.1:${port}/v1/server/contact/count`;
  const headers = { "Server-Key": serverKey, "Content-Type": "application/json" };
  const body = JSON.stringify({ xcUserID: "nobody" });
  for (;;) {
    const response = await fetch(url, { method: "POST", headers, body });
    await response.arrayBuffer();
    if (response.status === 503) return;
  }
}
