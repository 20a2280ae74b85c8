import { join } from "node:path";
import { expect, test } from "vitest";
import { openGrpc, syncOverGrpc } from "./support/calls.ts";
import { proxyKinds, skipUnlessInstalled, startProxy } from "./support/proxies.ts";
import { startReplicas } from "./support/replicas.ts";
import { makeTlsFolder } from "./support/tls.ts";

test.for(proxyKinds)(
  "$program encrypts its connections to the replicas, and checks their certificate",
  async (kind, { skip }) => {
    skipUnlessInstalled(kind, skip);
    await using stack = new AsyncDisposableStack();
    const folder = stack.use(makeTlsFolder());
    const other = stack.use(makeTlsFolder());
    const { ports, header } = stack.use(await startReplicas({ count: 1, env: folder.env }));
    // Both servers of the configuration are this replica.
    const replicas = [...ports, ...ports];
    const urlOf = (port: number) => `http://127.0.0.1:${port}`;

    const proxy = stack.use(await startProxy(kind, replicas, join(folder.path, "ca.crt")));
    expect((await fetch(`${urlOf(proxy.http)}/livez`)).status).toBe(200);
    const client = stack.adopt(openGrpc(urlOf(proxy.grpc)), (each) => each.close());
    const overGrpc = await syncOverGrpc(client, header, [["a", "b"]]).answer;
    expect(overGrpc.countInserted).toBe(1n);

    const strict = stack.use(await startProxy(kind, replicas, join(other.path, "ca.crt")));
    const rejectedClient = stack.adopt(openGrpc(urlOf(strict.grpc)), (each) => each.close());
    const rejectedCall = syncOverGrpc(rejectedClient, header, [["a", "b"]]).answer;
    const [rejected] = await Promise.all([
      fetch(`${urlOf(strict.http)}/livez`),
      expect(rejectedCall).rejects.toThrow(),
    ]);
    expect([502, 503]).toContain(rejected.status);
  },
);
