import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "vitest";
import { freePort } from "../../support/free-port.ts";
import { eventually } from "./eventually.ts";

/** A proxy whose configuration in `docker/` has two replicas, on ports 9001 and 9002. */
export interface ProxyKind {
  readonly program: string;
  readonly config: string;
  /** The ports of the configuration on which the proxy listens: each test has others. */
  readonly listens: readonly number[];
  /** Which of these is for REST, Connect and gRPC-Web, and which is for gRPC. */
  readonly http: number;
  readonly grpc: number;
  /** Changes the configuration so that it writes only to this directory. */
  readonly confine: (config: string, directory: string) => string;
  /** Uses the lines of the configuration for replicas with TLS. */
  readonly encrypt: (config: string) => string;
  readonly args: (file: string, directory: string) => readonly string[];
}

export const proxyKinds: readonly ProxyKind[] = [
  {
    program: "nginx",
    config: "docker/nginx.conf",
    ...{ listens: [8080, 8081], http: 8080, grpc: 8081 },
    confine: (config, directory) =>
      config
        .replace("events {}", `pid ${directory}/pid;\nerror_log ${directory}/error.log;\nevents {}`)
        .replace("http {", "http {\n  access_log off;\n"),
    encrypt: (config) =>
      config
        .replace(/^ +(?:proxy|grpc)_pass .*\n/gm, "")
        .replace(/# (?=(?:proxy|grpc)_(?:pass|ssl))/g, ""),
    args: (file, directory) => ["-p", directory, "-c", file, "-g", "daemon off;"],
  },
  {
    program: "haproxy",
    config: "docker/haproxy.cfg",
    ...{ listens: [8080, 8081, 8082], http: 8080, grpc: 8080 },
    confine: (config) => config,
    encrypt: (config) => config.replaceAll("# default-server ssl", "default-server ssl"),
    args: (file) => ["-db", "-f", file],
  },
];

/** Skips the test, with a line that says so, if the proxy is not installed. */
export function skipUnlessInstalled({ program }: ProxyKind, skip: TestContext["skip"]): void {
  const isInstalled = spawnSync(program, ["-v"]).status === 0;
  if (!isInstalled) process.stderr.write(`skipped: ${program} is not installed\n`);
  skip(!isInstalled, `${program} is not installed`);
}

export interface Proxy extends AsyncDisposable {
  /** The port for REST, Connect and gRPC-Web. */
  readonly http: number;
  /** The port for gRPC. */
  readonly grpc: number;
}

/**
 * Starts a proxy with its configuration of `docker/`, on ports of its own.
 *
 * @param authorityFile of the certificate of the replicas. Absent: they have no TLS
 */
export async function startProxy(
  kind: ProxyKind,
  replicas: readonly number[],
  authorityFile?: string,
): Promise<Proxy> {
  await using stack = new AsyncDisposableStack();
  const directory = await mkdtemp(join(tmpdir(), "kith-proxy-"));
  stack.defer(() => rm(directory, { recursive: true }));
  const ports = new Map<number, number>();
  for (const port of kind.listens) ports.set(port, await freePort());
  for (const [n, port] of replicas.entries()) ports.set(9001 + n, port);

  const read = kind.confine(await readFile(kind.config, "utf8"), directory);
  const given = authorityFile === undefined ? read : kind.encrypt(read);
  // nginx listens on a port of all addresses.
  const config = given
    .replace(/listen (?=\d)/g, "listen 127.0.0.1:")
    .replace(/\/etc\/\w+\/kith-ca\.crt/g, authorityFile ?? "$&")
    .replaceAll("kith.example.com", "localhost")
    .replace(/(?<=127\.0\.0\.1:)\d+/g, (port) => String(ports.get(Number(port)) ?? port));
  const file = join(directory, "proxy.conf");
  await writeFile(file, config);
  const proxy = spawn(kind.program, kind.args(file, directory), { stdio: "ignore" });
  stack.defer(async () => {
    const ended = once(proxy, "exit");
    if (proxy.kill()) await ended;
  });
  const [http, grpc] = [ports.get(kind.http) ?? 0, ports.get(kind.grpc) ?? 0];
  await eventually(`${kind.program} responds`, () => {
    if (proxy.exitCode !== null) throw new Error(`${kind.program} ended with ${proxy.exitCode}`);
    return fetch(`http://127.0.0.1:${http}/livez`).then(
      () => true,
      () => false,
    );
  });
  const resources = stack.move();
  return { http, grpc, [Symbol.asyncDispose]: () => resources.disposeAsync() };
}
