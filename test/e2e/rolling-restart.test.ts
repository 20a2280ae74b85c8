import { expect, test } from "vitest";
import { generateServerKey, serverKeyHeader } from "../../src/access/server-key.ts";
import { createTestDatabase } from "../support/database.ts";
import { freePort } from "../support/free-port.ts";
import type { Caller } from "./support/callers.ts";
import { callOverGrpc, callOverRest } from "./support/callers.ts";
import { eventually } from "./support/eventually.ts";
import { hasNginx, startNginx } from "./support/nginx.ts";
import type { ServiceProcess } from "./support/process.ts";
import { startProcess } from "./support/process.ts";

const callersPerProtocol = 6;

interface Replicas extends AsyncDisposable {
  readonly ports: readonly [number, number];
  /** The value of the Server-Key header. */
  readonly header: string;
  restart(port: number): Promise<void>;
}

async function startReplicas(env: Record<string, string> = {}): Promise<Replicas> {
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
      DATABASE_URL: database.url,
      BOOTSTRAP_SERVER_KEY: `${key.id}:${key.secret}`,
      PORT: String(port),
      DRAIN_DELAY_MS: "500",
      ...env,
    });
    services.set(port, service);
    await service.url();
  };
  const ports = [await freePort(), await freePort()] as const;
  for (const port of ports) await start(port);
  const resources = stack.move();
  return {
    ports,
    header: serverKeyHeader(key),
    async restart(port) {
      services.get(port)?.signal("SIGTERM");
      expect(await services.get(port)?.exit()).toBe(0);
      await start(port);
    },
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

/** Restarts each replica twice while the callers call, and checks that no call fails. */
async function expectToLoseNothing(replicas: Replicas, callers: readonly Caller[]): Promise<void> {
  for (const port of [...replicas.ports, ...replicas.ports]) {
    await replicas.restart(port);
    // The callers have to notice that connections are closed before the other replica restarts.
    const before = callers.map(({ calls }) => calls);
    await eventually("each caller has made more calls", () =>
      callers.every(({ calls }, n) => calls > (before[n] ?? 0) + 20),
    );
  }
  expect(callers.flatMap(({ failures }) => failures)).toEqual([]);
}

function several(start: () => Caller): Caller[] {
  return Array.from({ length: callersPerProtocol }, start);
}

test.each([
  { workers: "1", name: "one process" },
  { workers: "2", name: "two workers" },
])(
  "a rolling restart of replicas with $name loses no call of clients that know both",
  async ({ workers }) => {
    await using stack = new AsyncDisposableStack();
    const replicas = stack.use(await startReplicas({ WORKERS: workers }));
    const { ports, header } = replicas;
    const callers = [
      ...several(() => stack.use(callOverRest(ports, header))),
      ...several(() => stack.use(callOverGrpc(ports, header))),
    ];
    await expectToLoseNothing(replicas, callers);
  },
);

test("a rolling restart behind nginx loses no call", async ({ skip }) => {
  if (!hasNginx) process.stderr.write("Skipped the restart behind nginx: nginx is not installed\n");
  skip(!hasNginx, "nginx is not installed");
  await using stack = new AsyncDisposableStack();
  const replicas = stack.use(await startReplicas());
  const nginx = stack.use(await startNginx(replicas.ports));
  const callers = [
    ...several(() => stack.use(callOverRest([nginx.http], replicas.header))),
    ...several(() => stack.use(callOverGrpc([nginx.grpc], replicas.header))),
  ];
  await expectToLoseNothing(replicas, callers);
});
