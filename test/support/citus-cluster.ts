import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { connectClient } from "./database.ts";
import { freePort } from "./free-port.ts";

/** Where Debian installs the versions of Postgres. */
const versionsPath = "/usr/lib/postgresql";

/** The directory of the programs of a Postgres that has Citus, or undefined. */
export function findCitus(): string | undefined {
  if (!existsSync(versionsPath)) return undefined;
  const versions = readdirSync(versionsPath).sort((a, b) => Number(b) - Number(a));
  const found = versions.find((version) => existsSync(`${versionsPath}/${version}/lib/citus.so`));
  return found && `${versionsPath}/${found}/bin`;
}

/** One Postgres of the cluster. */
export interface CitusNode {
  /** The connection string of its database for administration. */
  readonly url: string;
  readonly port: number;
  start(): Promise<void>;
  /** Kills all its processes, like a crash of the machine, and waits until they have ended. */
  kill(): Promise<void>;
}

export interface CitusCluster {
  /** The coordinator, then the workers. */
  readonly nodes: readonly CitusNode[];
  stop(): Promise<void>;
}

const settings = {
  shared_preload_libraries: "citus",
  listen_addresses: "127.0.0.1",
  max_connections: "200",
  max_prepared_transactions: "200",
  shared_buffers: "32MB",
  full_page_writes: "off",
  fsync: "off",
  // An interrupted commit of several nodes is completed within this time.
  "citus.recover_2pc_interval": "1s",
};

/** Starts a coordinator and two workers. Their databases do not have Citus yet. */
export async function startCitusCluster(bin: string): Promise<CitusCluster> {
  const user = process.getuid?.() === 0 ? userOf("postgres") : {};
  const directory = mkdtempSync(join(tmpdir(), "kith-citus-"));
  chmodSync(directory, 0o755);
  if (user.uid !== undefined) chownSync(directory, user.uid, -1);

  // Postgres connects to the other nodes, and must not look for certificates in the home of another user.
  const options = { ...user, stdio: "ignore", cwd: directory, env: { HOME: directory } } as const;

  async function createNode(n: number): Promise<CitusNode> {
    const port = await freePort();
    const data = `${directory}/node${n}`;
    // Not the C locale: an order that needs the C collation must name it.
    const locale = ["--locale=C", "--locale-provider=icu", "--icu-locale=en"];
    execFileSync(
      `${bin}/initdb`,
      ["-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync", ...locale],
      options,
    );
    const url = `postgres://postgres@127.0.0.1:${port}/postgres`;
    const all = { ...settings, port: `${port}`, unix_socket_directories: "" };
    const flags = Object.entries(all).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
    let server: ReturnType<typeof spawn> | undefined;
    return {
      url,
      port,
      async start() {
        server = spawn(`${bin}/postgres`, ["-D", data, ...flags], options);
        server.unref();
        while (!(await accepts(url))) await sleep(50);
      },
      async kill() {
        if (server?.pid === undefined || server.exitCode !== null) return;
        const children = childrenOf(server.pid);
        const ended = once(server, "exit");
        // Otherwise the test run can end before this function does.
        server.ref();
        server.kill("SIGKILL");
        for (const pid of children) signal(pid, "SIGKILL");
        await ended;
        while (children.some((pid) => signal(pid, 0))) await sleep(20);
        rmSync(`${data}/postmaster.pid`, { force: true });
      },
    };
  }

  const nodes = [await createNode(0), await createNode(1), await createNode(2)];
  await Promise.all(nodes.map((node) => node.start()));
  return {
    nodes,
    async stop() {
      await Promise.all(nodes.map((node) => node.kill()));
      rmSync(directory, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
    },
  };
}

async function accepts(url: string): Promise<boolean> {
  try {
    const client = await connectClient(url, { options: "" });
    await client.end();
    return true;
  } catch {
    return false;
  }
}

function childrenOf(pid: number): number[] {
  const list = execFileSync("ps", ["-o", "pid=", "--ppid", `${pid}`]).toString();
  return list.trim().split(/\s+/).map(Number);
}

/** @returns whether the process exists */
function signal(pid: number, name: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, name);
  } catch {
    return false;
  }
}

function userOf(name: string): { readonly uid?: number; readonly gid?: number } {
  const id = (flag: string) => Number(execFileSync("id", [flag, name]).toString());
  return { uid: id("-u"), gid: id("-g") };
}
