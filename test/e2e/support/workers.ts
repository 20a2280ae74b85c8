import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { Agent, request } from "node:http";
import type * as grpc from "@grpc/grpc-js";
import { serverKeyHeader } from "../../../src/access/server-key.ts";
import { createTestDatabase } from "../../support/database.ts";
import { openGrpc, restPath } from "./calls.ts";
import { eventually } from "./eventually.ts";
import type { ServiceProcess } from "./process.ts";
import { startProcess } from "./process.ts";

export interface Worker {
  readonly number: number;
  readonly pid: number;
}

/** A service with two workers. */
export interface WorkersService extends AsyncDisposable {
  readonly service: ServiceProcess;
  readonly url: string;
  readonly port: number;
  /** The value of the Server-Key header. */
  readonly header: string;
  readonly databaseUrl: string;
  /** The starts of workers so far, in the order of the log. */
  started(): Worker[];
  /** Opens grpc-js clients, each with its own connection. They are closed with the service. */
  openClients(count: number): grpc.Client[];
}

/** Starts a service with two workers on a database of its own. */
export async function startWorkers(env: Record<string, string> = {}): Promise<WorkersService> {
  await using stack = new AsyncDisposableStack();
  const database = await createTestDatabase();
  stack.defer(() => database.drop());
  const key = { id: "boot", secret: randomBytes(24).toString("base64url") };
  const service = stack.use(
    startProcess({
      WORKERS: "2",
      DATABASE_URL: database.url,
      BOOTSTRAP_SERVER_KEY: `${key.id}:${key.secret}`,
      ...env,
    }),
  );
  const url = await service.url();
  const resources = stack.move();
  return {
    service,
    url,
    port: Number(new URL(url).port),
    header: serverKeyHeader(key),
    databaseUrl: database.url,
    started: () => workersOf(service),
    openClients: (count) =>
      Array.from({ length: count }, () => resources.adopt(openGrpc(url), (each) => each.close())),
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

/** An empty database, which is dropped at the end. */
export async function emptyDatabase(): Promise<{ readonly url: string } & AsyncDisposable> {
  const { url, drop } = await createTestDatabase({ template: "template0" });
  return { url, [Symbol.asyncDispose]: drop };
}

/** The starts of workers so far, in the order of the log. */
export function workersOf(service: ServiceProcess): Worker[] {
  return service
    .logs()
    .filter(({ msg }) => msg === "a worker is ready")
    .map(({ worker, pid }) => ({ number: Number(worker), pid: Number(pid) }));
}

/** Waits until a process has ended. */
export function untilEnded({ pid }: Worker): Promise<void> {
  return eventually(`process ${pid} has ended`, () => {
    try {
      process.kill(pid, 0);
      return false;
    } catch {
      return true;
    }
  });
}

export interface KeptResponse {
  readonly status: number | undefined;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: string;
}

/** A client of HTTP/1.1 that keeps one connection. */
export interface KeptConnection extends Disposable {
  get(path: string): Promise<KeptResponse>;
  sync(contacts: unknown, headers?: Record<string, string>): Promise<KeptResponse>;
}

/** Opens a connection with its first request. */
export function keepConnection(port: number, header: string): KeptConnection {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  async function send(path: string, method: string, headers: Record<string, string>, body = "") {
    const req = request({ port, host: "127.0.0.1", path, method, agent, headers }).end(body);
    const [res] = await once(req, "response");
    let text = "";
    for await (const chunk of res) text += chunk;
    return { status: res.statusCode, headers: res.headers, body: text };
  }
  const json = { "Server-Key": header, "Content-Type": "application/json" };
  return {
    get: (path) => send(path, "GET", {}),
    sync: (contacts, headers = {}) =>
      send(restPath, "POST", { ...json, ...headers }, JSON.stringify({ contacts })),
    [Symbol.dispose]: () => agent.destroy(),
  };
}
