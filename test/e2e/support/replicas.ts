import { generateServerKey, serverKeyHeader } from "../../../src/access/server-key.ts";
import { createTestDatabase } from "../../support/database.ts";
import { freePort } from "../../support/free-port.ts";
import type { ServiceProcess } from "./process.ts";
import { startProcess } from "./process.ts";
import type { Worker } from "./workers.ts";
import { workersOf } from "./workers.ts";

/** Several processes of the service on one database. */
export interface Replicas extends AsyncDisposable {
  readonly ports: readonly number[];
  /** The value of the Server-Key header. */
  readonly header: string;
  readonly databaseUrl: string;
  signal(port: number, name: NodeJS.Signals): void;
  /** The starts of workers of a replica so far, in the order of its log. */
  workers(port: number): readonly Worker[];
  /**
   * Ends a replica with the signal, and starts another one on its port.
   *
   * @returns the exit code, or the signal that ended it
   */
  restart(port: number, signal: NodeJS.Signals): Promise<number | NodeJS.Signals | null>;
}

export interface ReplicasOptions {
  readonly count: number;
  readonly env?: Readonly<Record<string, string>>;
  /** The connection string of the replicas, such as that of a pooler. Absent: that of the database. */
  readonly connectThrough?: (databaseUrl: string) => string;
}

export async function startReplicas(options: ReplicasOptions): Promise<Replicas> {
  const { count, env = {}, connectThrough = (url: string) => url } = options;
  await using stack = new AsyncDisposableStack();
  const database = await createTestDatabase();
  stack.defer(() => database.drop());
  const key = generateServerKey();
  const services = new Map<number, ServiceProcess>();
  stack.defer(async () => {
    for (const service of services.values()) await service[Symbol.asyncDispose]();
  });
  const start = async (port: number) => {
    const service = startProcess({
      DATABASE_URL: connectThrough(database.url),
      BOOTSTRAP_SERVER_KEY: `${key.id}:${key.secret}`,
      PORT: String(port),
      ...env,
    });
    services.set(port, service);
    await service.url();
  };
  const ports: number[] = [];
  for (let n = 0; n < count; n++) ports.push(await freePort());
  await Promise.all(ports.map(start));
  const resources = stack.move();
  return {
    ports,
    header: serverKeyHeader(key),
    databaseUrl: database.url,
    signal: (port, name) => services.get(port)?.signal(name),
    workers(port) {
      const service = services.get(port);
      return service === undefined ? [] : workersOf(service);
    },
    async restart(port, signal) {
      services.get(port)?.signal(signal);
      const ended = (await services.get(port)?.exit()) ?? null;
      await start(port);
      return ended;
    },
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}
