import { expect, test } from "vitest";
import type { Caller } from "./support/callers.ts";
import { callOverGrpc, callOverRest } from "./support/callers.ts";
import { eventually } from "./support/eventually.ts";
import { proxyKinds, skipUnlessInstalled, startProxy } from "./support/proxies.ts";
import { startReplicas } from "./support/replicas.ts";

const callersPerProtocol = 6;
const failuresOf = (callers: readonly Caller[]) => callers.flatMap(({ failures }) => failures);

test.for(proxyKinds)(
  "behind $program, with two workers in each replica, restarts and killed workers lose no other call",
  async (kind, { skip }) => {
    skipUnlessInstalled(kind, skip);
    await using stack = new AsyncDisposableStack();
    const env = { DRAIN_DELAY_MS: "500", WORKERS: "2" };
    const replicas = stack.use(await startReplicas({ count: 2, env }));
    const proxy = stack.use(await startProxy(kind, replicas.ports));
    const several = (start: () => Caller) =>
      Array.from({ length: callersPerProtocol }, () => stack.use(start()));
    const rest = several(() => callOverRest([proxy.http], replicas.header));
    const grpc = several(() => callOverGrpc([proxy.grpc], replicas.header));
    const callers = [...rest, ...grpc];
    const haveCalled = () => {
      const before = callers.map(({ calls }) => calls);
      return eventually("each caller has made more calls", () =>
        callers.every(({ calls }, n) => calls > (before[n] ?? 0) + 20),
      );
    };

    for (const port of replicas.ports) {
      expect(await replicas.restart(port, "SIGTERM")).toBe(0);
      await haveCalled();
    }
    expect(failuresOf(callers)).toEqual([]);

    for (const port of replicas.ports) {
      const [killed] = replicas.workers(port);
      if (killed === undefined) throw new Error("no worker is ready");
      process.kill(killed.pid, "SIGKILL");
      await eventually("it is replaced", () => replicas.workers(port).length === 3);
      await haveCalled();
    }
    // The proxies send a call over REST again.
    expect(failuresOf(rest)).toEqual([]);
    // A gRPC call that was in flight at the worker may fail, and no other one.
    for (const { failures } of grpc) expect(failures.length).toBeLessThanOrEqual(2);
  },
);
