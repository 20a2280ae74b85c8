import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "../../support/free-port.ts";
import { eventually } from "./eventually.ts";

export const hasNginx = spawnSync("nginx", ["-v"]).status === 0;

export interface Nginx extends AsyncDisposable {
  /** The port for REST, Connect and gRPC-Web. */
  readonly http: number;
  /** The port for gRPC. */
  readonly grpc: number;
}

/** Starts nginx with the configuration of `docker/`, on ports of its own. */
export async function startNginx([first, second]: readonly number[]): Promise<Nginx> {
  await using stack = new AsyncDisposableStack();
  const dir = await mkdtemp(join(tmpdir(), "kith-nginx-"));
  stack.defer(() => rm(dir, { recursive: true }));
  const [http, grpc] = [await freePort(), await freePort()];
  const given = await readFile("docker/nginx.conf", "utf8");
  const config = given
    .replace("events {}", `pid ${dir}/pid;\nerror_log ${dir}/error.log;\nevents {}`)
    .replace("http {", "http {\n  access_log off;\n")
    .replace("listen 8080", `listen 127.0.0.1:${http}`)
    .replace("listen 8081", `listen 127.0.0.1:${grpc}`)
    .replaceAll("127.0.0.1:9001", `127.0.0.1:${first}`)
    .replaceAll("127.0.0.1:9002", `127.0.0.1:${second}`);
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
  const resources = stack.move();
  return { http, grpc, [Symbol.asyncDispose]: () => resources.disposeAsync() };
}
