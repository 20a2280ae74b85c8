import { expect, test } from "vitest";
import type { Caller } from "./support/callers.ts";
import { callOverGrpc, callOverRest } from "./support/callers.ts";
import { eventually } from "./support/eventually.ts";
import { hasNginx, startNginx } from "./support/nginx.ts";
import type { Replicas } from "./support/replicas.ts";
import { startReplicas } from "./support/replicas.ts";

const callersPerProtocol = 6;

const startTwo = () => startReplicas({ count: 2, env: { DRAIN_DELAY_MS: "500" } });

/** Restarts each replica twice while the callers call, and checks that no call fails. */
async function expectToLoseNothing(replicas: Replicas, callers: readonly Caller[]): Promise<void> {
  for (const port of [...replicas.ports, ...replicas.ports]) {
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

test("a rolling restart loses no call of clients that know both replicas", async () => {
  await using stack = new AsyncDisposableStack();
  const replicas = stack.use(await startTwo());
  const { ports, header } = replicas;
  const callers = [
    ...several(() => stack.use(callOverRest(ports, header))),
    ...several(() => stack.use(callOverGrpc(ports, header))),
  ];
  await expectToLoseNothing(replicas, callers);
});

test("a rolling restart behind nginx loses no call", async ({ skip }) => {
  if (!hasNginx) process.stderr.write("Skipped the restart behind nginx: nginx is not installed\n");
  skip(!hasNginx, "nginx is not installed");
  await using stack = new AsyncDisposableStack();
  const replicas = stack.use(await startTwo());
  const nginx = stack.use(await startNginx(replicas.ports));
  const callers = [
    ...several(() => stack.use(callOverRest([nginx.http], replicas.header))),
    ...several(() => stack.use(callOverGrpc([nginx.grpc], replicas.header))),
  ];
  await expectToLoseNothing(replicas, callers);
});
