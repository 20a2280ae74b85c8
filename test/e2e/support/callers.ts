import { once } from "node:events";
import { Agent, request } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import * as grpc from "@grpc/grpc-js";
import { encodeSync, entry, restPath, rpcPath } from "./calls.ts";

/** Calls over one connection, with short pauses, until it is stopped. */
export interface Caller extends AsyncDisposable {
  readonly failures: readonly string[];
  readonly calls: number;
}

/** Several callers would otherwise take all cores from the services that they call. */
const pauseMs = 8;

function callInLoop(name: string, call: () => Promise<void>, close: () => void): Caller {
  let isStopped = false;
  const failures: string[] = [];
  const caller = {
    failures,
    calls: 0,
    async [Symbol.asyncDispose]() {
      isStopped = true;
      await done;
      close();
    },
  };
  const loop = async () => {
    while (!isStopped) {
      await call().catch((error) => failures.push(`${name}: ${error}`));
      caller.calls += 1;
      await sleep(pauseMs);
    }
  };
  const done = loop();
  return caller;
}

/** Calls over REST. The next server takes over when a server accepts no connection. */
export function callOverRest(ports: readonly number[], header: string): Caller {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const body = JSON.stringify({ contacts: [entry("a", "b")] });
  const headers = { "Server-Key": header, "Content-Type": "application/json" };
  let at = 0;
  const send = async (): Promise<void> => {
    const port = ports[at % ports.length] ?? 0;
    const req = request({ port, path: restPath, method: "POST", agent, headers }).end(body);
    const [res] = await once(req, "response");
    res.resume();
    await once(res, "end");
    if (res.statusCode !== 200) throw new Error(`status ${res.statusCode}`);
  };
  const call = async () => {
    for (;;) {
      try {
        return await send();
      } catch (error) {
        const isRefused =
          error instanceof Error && "code" in error && error.code === "ECONNREFUSED";
        if (!isRefused || ports.length === 1) throw error;
        at += 1;
      }
    }
  };
  return callInLoop("REST", call, () => agent.destroy());
}

/** Calls over gRPC. A call waits while no server accepts connections. */
export function callOverGrpc(ports: readonly number[], header: string): Caller {
  const target = `ipv4:${ports.map((port) => `127.0.0.1:${port}`).join(",")}`;
  const client = new grpc.Client(target, grpc.credentials.createInsecure(), {
    "grpc.use_local_subchannel_pool": 1,
  });
  const metadata = new grpc.Metadata({ waitForReady: true });
  metadata.set("server-key", header);
  const message = encodeSync(["a", "b"]);
  const same = (bytes: Buffer) => bytes;
  const call = () =>
    new Promise<void>((resolve, reject) => {
      client.makeUnaryRequest(rpcPath, same, same, message, metadata, (error) =>
        error === null ? resolve() : reject(error),
      );
    });
  return callInLoop("gRPC", call, () => client.close());
}
