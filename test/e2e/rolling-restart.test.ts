import { expect, test } from "vitest";
import type { Caller } from "./support/callers.ts";
import { callOverGrpc, callOverRest } from "./support/callers.ts";
import { eventually } from "./support/eventually.ts";
import { proxyKinds, skipUnlessInstalled, startProxy } from "./support/proxies.ts";
import type { Replicas } from "./support/replicas.ts";
import { startReplicas } from "./support/replicas.ts";

const callersPerProtocol = 4;

const startTwo = (env: Record<string, string> = {}) =>
  startReplicas({ count: 2, env: { DRAIN_DELAY_MS: "500", ...env } });

/** Restarts each replica while the callers call, and checks that no call fails. */
async function expectToLoseNothing(replicas: Replicas, callers: readonly Caller[]): Promise<void> {
  for (const port of replicas.ports) {
    expect(await replicas.restart(port, "SIGTERM")).toBe(0);
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
    const replicas = stack.use(await startTwo({ WORKERS: workers }));
    const { ports, header } = replicas;
    const callers = [
      ...several(() => stack.use(callOverRest(ports, header))),
      ...several(() => stack.use(callOverGrpc(ports, header))),
    ];
    await expectToLoseNothing(replicas, callers);
  },
);

test.for(proxyKinds)("a rolling restart behind $program loses no call", async (kind, { skip }) => {
  skipUnlessInstalled(kind, skip);
  await using stack = new AsyncDisposableStack();
  const replicas = stack.use(await startTwo());
  const proxy = stack.use(await startProxy(kind, replicas.ports));
  const callers = [
    ...several(() => stack.use(callOverRest([proxy.http], replicas.header))),
    ...several(() => stack.use(callOverGrpc([proxy.grpc], replicas.header))),
  ];
  await expectToLoseNothing(replicas, callers);
});
