import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chownSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import type { Server } from "node:net";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "./free-port.ts";

/** The program of PgBouncer. The environment variable selects another version than the installed one. */
const program = process.env.PGBOUNCER ?? "pgbouncer";

/** The version of PgBouncer, such as `[1, 24]`; undefined if it is not installed. */
export function pgbouncerVersion(): readonly [number, number] | undefined {
  const { stdout } = spawnSync(program, ["--version"], { encoding: "utf8" });
  const [, major, minor] = /PgBouncer (\d+)\.(\d+)/.exec(stdout ?? "") ?? [];
  return major === undefined ? undefined : [Number(major), Number(minor)];
}

/** Whether this version of PgBouncer keeps prepared statements in transaction mode. */
export function canPrepare(): boolean {
  const [major, minor] = pgbouncerVersion() ?? [0, 0];
  return major > 1 || minor >= 21;
}

export interface PgBouncer {
  readonly port: number;
  urlOf(databaseUrl: string): string;
  signal(signal: NodeJS.Signals): void;
  /** Ends the process at once, and starts another one on the same port. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/** The connection string of the same database, through the pooler on this port. */
export function throughPooler(databaseUrl: string, port: number): string {
  return `postgres://postgres@127.0.0.1:${port}${new URL(databaseUrl).pathname}`;
}

/** Starts PgBouncer in transaction mode in front of the server that the connection string leads to. */
export async function startPgBouncer(
  serverUrl: string,
  settings: Readonly<Record<string, string | number>> = {},
): Promise<PgBouncer> {
  const server = new URL(serverUrl);
  const bridge = server.searchParams.has("host") ? await openBridge(server) : undefined;
  const serverPort = bridge === undefined ? server.port : portOf(bridge);
  const port = await freePort();
  const directory = mkdtempSync(join(tmpdir(), "kith-pgbouncer-"));
  const config = join(directory, "pgbouncer.ini");
  const all = {
    listen_addr: "127.0.0.1",
    listen_port: port,
    unix_socket_dir: "",
    auth_type: "any",
    pool_mode: "transaction",
    default_pool_size: 10,
    max_client_conn: 1000,
    server_idle_timeout: 1,
    ...(canPrepare() ? { max_prepared_statements: 100 } : {}),
    ...settings,
  };
  const lines = Object.entries(all).map(([name, value]) => `${name} = ${value}`);
  const text = `[databases]\n* = host=127.0.0.1 port=${serverPort} user=postgres\n[pgbouncer]\n${lines.join("\n")}\n`;
  writeFileSync(config, text);
  const args = [...userArguments(directory), config];

  const start = async () => {
    const child = spawn(program, args, { stdio: "ignore" });
    while (!(await accepts(port))) {
      if (child.exitCode !== null) throw new Error(`PgBouncer ended with ${child.exitCode}`);
      await sleep(10);
    }
    return child;
  };
  let child = await start();
  const kill = async () => {
    const exited = once(child, "exit");
    child.kill("SIGKILL");
    await exited;
  };
  return {
    port,
    urlOf: (databaseUrl) => throughPooler(databaseUrl, port),
    signal: (signal) => void child.kill(signal),
    async restart() {
      await kill();
      child = await start();
    },
    async stop() {
      await kill();
      bridge?.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/**
 * A port that leads to the Unix socket of the server. PgBouncer does not run as root, and only root can
 * reach the socket then.
 */
async function openBridge({ searchParams }: URL): Promise<Server> {
  const path = `${searchParams.get("host")}/.s.PGSQL.${searchParams.get("port")}`;
  const bridge = createServer({ allowHalfOpen: true }, (client) => {
    const server = connect({ path, allowHalfOpen: true });
    for (const socket of [client, server]) {
      socket.setNoDelay(true);
      socket.on("error", () => {});
    }
    client.pipe(server).pipe(client);
    client.on("close", () => server.destroy());
    server.on("close", () => client.destroy());
  }).listen(0, "127.0.0.1");
  await once(bridge, "listening");
  bridge.unref();
  return bridge;
}

function userArguments(directory: string): string[] {
  if (process.getuid?.() !== 0) return [];
  const owner = Number(execFileSync("id", ["-u", "nobody"]).toString());
  for (const path of ["", "/pgbouncer.ini"]) chownSync(directory + path, owner, -1);
  return ["-u", "nobody"];
}

function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.on("connect", () => socket.end(() => resolve(true)));
    socket.on("error", () => resolve(false));
  });
}
