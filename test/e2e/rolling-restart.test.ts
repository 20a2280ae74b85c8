import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { Agent, request } from "node:http";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { generateServerKey, serverKeyHeader } from "../../src/access/server-key.ts";
import { createTestDatabase } from "../support/database.ts";
import { entry, restPath } from "./support/calls.ts";
import { eventually } from "./support/eventually.ts";
import type { ServiceProcess } from "./support/process.ts";
import { startProcess } from "./support/process.ts";

const hasNginx = spawnSync("nginx", ["-v"]).status === 0;

/** Calls without a pause over one connection, until it is told to stop. */
interface Caller {
  readonly failures: unknown[];
  calls: number;
  stop(): Promise<void>;
}

function callInLoop(call: () => Promise<void>): Caller {
  let isStopped = false;
  const caller: Caller = {
    failures: [],
    calls: 0,
    async stop() {
      isStopped = true;
      await done;
    },
  };
  const loop = async () => {
    while (!isStopped) {
      caller.calls += 1;
      await call().catch((error) => caller.failures.push(error));
      await sleep(1);
    }
  };
  const done = loop();
  return caller;
}

function callOverRest(port: number, header: string): Caller {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const body = JSON.stringify({ contacts: [entry("a", "b")] });
  const headers = { "Server-Key": header, "Content-Type": "application/json" };
  return callInLoop(async () => {
    const req = request({ port, path: restPath, method: "POST", agent, headers }).end(body);
    const [res] = await once(req, "response");
    res.resume();
    await once(res, "end");
    if (res.statusCode !== 200) throw new Error(`status ${res.statusCode}`);
  });
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  return typeof address === "object" ? (address?.port ?? 0) : 0;
}

/** Starts nginx with the configuration of `docker/`, on ports of its own. */
async function startNginx(stack: AsyncDisposableStack, replicas: readonly number[]) {
  const dir = await mkdtemp(join(tmpdir(), "kith-nginx-"));
  stack.defer(() => rm(dir, { recursive: true }));
  const [http, grpc] = [await freePort(), await freePort()];
  const given = await readFile("docker/nginx.conf", "utf8");
  const config = given
    .replace("events {}", `pid ${dir}/pid;\nerror_log ${dir}/error.log;\nevents {}`)
    .replace("http {", `http {\n  access_log off;\n`)
    .replace("listen 8080", `listen 127.0.0.1:${http}`)
    .replace("listen 8081", `listen 127.0.0.1:${grpc}`)
    .replaceAll("127.0.0.1:9001", `127.0.0.1:${replicas[0]}`)
    .replaceAll("127.0.0.1:9002", `127.0.0.1:${replicas[1]}`);
  await writeFile(join(dir, "nginx.conf"), config);
  const args = ["-p", dir, "-c", join(dir, "nginx.conf"), "-g", "daemon off;"];
  const nginx = spawn("nginx", args, { stdio: "ignore" });
  stack.defer(async () => {
    const ended = once(nginx, "exit");
    nginx.kill();
    await ended;
  });
  await eventually("nginx serves", () =>
    fetch(`http://127.0.0.1:${http}/livez`).then(
      ({ ok }) => ok,
      () => false,
    ),
  );
  return { http, grpc };
}

test.skipIf(!hasNginx)("a rolling restart behind nginx loses no REST call", async () => {
  await using stack = new AsyncDisposableStack();
  const database = await createTestDatabase();
  stack.defer(() => database.drop());
  const key = generateServerKey();
  const header = serverKeyHeader(key);
  const ports = [await freePort(), await freePort()];
  const start = async (port: number): Promise<ServiceProcess> => {
    const service = startProcess({
      DATABASE_URL: database.url,
      BOOTSTRAP_SERVER_KEY: `${key.id}:${key.secret}`,
      PORT: String(port),
      DRAIN_DELAY_MS: "1000",
    });
    await service.url();
    return service;
  };
  const replicas = new Map<number, ServiceProcess>();
  stack.defer(async () => {
    for (const replica of replicas.values()) await replica[Symbol.asyncDispose]();
  });
  for (const port of ports) replicas.set(port, await start(port));
  const nginx = await startNginx(stack, ports);
  const callers = Array.from({ length: 8 }, () => callOverRest(nginx.http, header));

  for (const port of [...ports, ...ports]) {
    const replica = replicas.get(port);
    replica?.signal("SIGTERM");
    expect(await replica?.exit()).toBe(0);
    replicas.set(port, await start(port));
    // nginx has to notice that the connections to the replica are closed before the other one restarts.
    const before = callers.map(({ calls }) => calls);
    await eventually("each caller has made more calls", () =>
      callers.every(({ calls }, n) => calls > (before[n] ?? 0) + 20),
    );
  }
  await Promise.all(callers.map((caller) => caller.stop()));
  const failures = callers.flatMap((caller) => caller.failures.map(String));
  expect(failures).toEqual([]);
  for (const { calls } of callers) expect(calls).toBeGreaterThan(10);
});
