import { execFile } from "node:child_process";
import { readdir, readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterEach, beforeEach, expect, test } from "vitest";
import { makeClusterDirectory } from "../support/cluster-directory.ts";
import { entry, expectToServe, syncOverRest } from "./support/calls.ts";
import { clusterForFile } from "./support/embedded-cluster.ts";
import { eventually } from "./support/eventually.ts";
import type { ServiceProcess } from "./support/process.ts";
import { startProcess } from "./support/process.ts";

const timeout = 180_000;
const run = promisify(execFile);
const makeCluster = clusterForFile();

let dataDir: string;
beforeEach(() => {
  dataDir = join(makeClusterDirectory("kith-e2e-"), "data");
});
afterEach(() => rm(join(dataDir, ".."), { recursive: true, force: true }));

const start = () => startProcess({ DATA_DIR: dataDir });

/** The address, the key and the curl line that the service prints when it has started. */
async function readGreeting(service: ServiceProcess) {
  const curl = await service.untilOutput(/curl .*'\n/);
  const header = /^ *Server-Key +(\S+)$/m.exec(service.output())?.[1] ?? "";
  return { url: await service.url(), header, curl: curl.trim() };
}

const carol = [entry("alice", "carol")];

/** Adds a contact. Returns 0 if it is there from an earlier start, and 1 if not. */
async function addCarol(service: ServiceProcess): Promise<number | undefined> {
  const { status, body } = await syncOverRest(await readGreeting(service), carol);
  expect(status).toBe(200);
  return body.data.countInserted;
}

async function stop(service: ServiceProcess): Promise<void> {
  service.signal("SIGTERM");
  expect(await service.exit()).toBe(0);
}

test("the first start prints an address, a key and a curl line that works, and logs no secret", {
  timeout,
}, async () => {
  await using service = start();
  const { url, header, curl } = await readGreeting(service);
  expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  expect(Buffer.from(header, "base64").toString()).toMatch(/^[^:]+:.+$/);
  await expectToServe({ url, header });
  expect(await answerTo(curl)).toEqual({
    status: 200,
    error: { code: "", message: "", field: "" },
    data: { countInserted: 1, countDeleted: 0 },
  });
  const keyFile = await stat(join(dataDir, "server-key"));
  expect(keyFile.mode & 0o777).toBe(0o600);
  await stop(service);
  await expectNoSecretInLogs(service, header);
});

test("a later start finds the key and the data of the first", { timeout }, async () => {
  let firstHeader: string;
  {
    await using first = start();
    firstHeader = (await readGreeting(first)).header;
    expect(await addCarol(first)).toBe(1);
    await stop(first);
  }
  await using second = start();
  expect((await readGreeting(second)).header).toBe(firstHeader);
  expect(await addCarol(second)).toBe(0);
  await stop(second);
});

test("a start after one and after two kill -9 finds the data", { timeout }, async () => {
  await makeCluster(dataDir);
  {
    await using first = start();
    expect(await addCarol(first)).toBe(1);
    first.signal("SIGKILL");
    expect(await first.exit()).toBe("SIGKILL");
  }
  {
    await using second = start();
    expect(await addCarol(second)).toBe(0);
    second.signal("SIGKILL");
    await second.exit();
  }
  await using third = start();
  expect(await addCarol(third)).toBe(0);
  await stop(third);
});

test("a start after kill -9 during the first start succeeds", { timeout }, async () => {
  for (const waitMs of [50, 300, 700]) {
    await using killed = start();
    await new Promise((resolve) => setTimeout(resolve, waitMs));
    killed.signal("SIGKILL");
    await killed.exit();
  }
  await using service = start();
  expect(await addCarol(service)).toBe(1);
  await stop(service);
});

test("a second start on a directory in use ends with 1 and names the pid, and the first continues to serve", {
  timeout,
}, async () => {
  await makeCluster(dataDir);
  await using first = start();
  const target = await readGreeting(first);
  await using second = start();
  expect(await second.exit()).toBe(1);
  expect(second.output()).toContain(dataDir);
  expect(second.output()).toMatch(/in use by another running process/);
  await expectToServe(target);
  const pid = Number(/running process \(pid (\d+)\)/.exec(second.output())?.[1]);
  process.kill(pid, "SIGTERM");
  expect(await first.exit()).toBe(0);
});

for (const signal of ["SIGKILL", "SIGHUP", "SIGINT"] as const) {
  test(`Postgres stops when the service ends by ${signal}`, { timeout }, async () => {
    await makeCluster(dataDir);
    await using service = start();
    await service.url();
    expect(await postmasterPid()).toBeGreaterThan(1);
    service.signal(signal);
    await service.exit();
    // Postgres removes the file when it stops normally.
    const hasStopped = async () => (await postmasterPid()) === undefined;
    await eventually("Postgres has stopped", hasStopped);
  });
}

test("the service ends with 1 when Postgres is killed, and a later start recovers", {
  timeout,
}, async () => {
  await makeCluster(dataDir);
  {
    await using first = start();
    expect(await addCarol(first)).toBe(1);
    process.kill((await postmasterPid()) ?? 0, "SIGKILL");
    expect(await first.exit()).toBe(1);
    expect(first.output()).toMatch(/Postgres on .* ended by itself/);
  }
  await using second = start();
  expect(await addCarol(second)).toBe(0);
  await stop(second);
});

// The test finds the supervisor in /proc.
test.runIf(process.platform === "linux")(
  "a start stops a Postgres that has lost both the service and its supervisor",
  { timeout },
  async () => {
    await makeCluster(dataDir);
    let orphan: number | undefined;
    {
      await using first = start();
      expect(await addCarol(first)).toBe(1);
      orphan = await postmasterPid();
      for (const pid of await supervisorPids()) process.kill(pid, "SIGKILL");
      expect(await first.exit()).toBe(1);
      expect(first.output()).toMatch(/Postgres on .* has lost its supervisor/);
      expect(await postmasterPid()).toBe(orphan);
    }
    await using second = start();
    expect(await addCarol(second)).toBe(0);
    expect(await postmasterPid()).not.toBe(orphan);
    await stop(second);
  },
);

test("the command line works beside the service and without it", { timeout }, async () => {
  await makeCluster(dataDir);
  const command = async (...words: string[]) => {
    const { stdout } = await run(process.execPath, ["src/cli.ts", ...words, "--json"], {
      cwd: fileURLToPath(new URL("../..", import.meta.url)),
      env: { PATH: process.env.PATH, DATA_DIR: dataDir },
    });
    return JSON.parse(stdout);
  };
  {
    await using service = start();
    const target = await readGreeting(service);
    await command("apps", "create", "one");
    await expectToServe(target);
    await stop(service);
  }
  expect(await command("apps", "list")).toContainEqual(expect.objectContaining({ name: "one" }));
  expect(await postmasterPid()).toBeUndefined();
});

/** The service prints the header for the user, but not in a line of the log. */
async function expectNoSecretInLogs(service: ServiceProcess, header: string): Promise<void> {
  const secret = (await readFile(join(dataDir, "server-key"), "utf8")).trim().split(":")[1];
  expect(secret).toBeDefined();
  const logs = JSON.stringify(service.logs());
  expect(logs).not.toContain(secret);
  expect(logs).not.toContain(header);
  const files = await readdir(dataDir);
  for (const name of files.filter((file) => file.endsWith(".log"))) {
    expect(await readFile(join(dataDir, name), "utf8")).not.toContain(secret);
  }
}

/** The pid in the lock file of Postgres, which exists from its start to its normal end. */
async function postmasterPid(): Promise<number | undefined> {
  try {
    const text = await readFile(join(dataDir, "postgres/postmaster.pid"), "utf8");
    return Number.parseInt(text, 10);
  } catch {
    return undefined;
  }
}

/** The shells that the service started, and that started Postgres. */
async function supervisorPids(): Promise<number[]> {
  const found: number[] = [];
  for (const pid of (await readdir("/proc")).filter((name) => /^\d+$/.test(name))) {
    const words = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
    if (words.includes("kith-postgres") && words.includes(dataDir)) found.push(Number(pid));
  }
  return found;
}

/** Runs the printed line in a shell. Without curl, sends the same request with fetch. */
async function answerTo(curl: string): Promise<unknown> {
  const hasCurl = await run("bash", ["-c", "command -v curl"]).then(
    () => true,
    () => false,
  );
  if (hasCurl) {
    const { stdout } = await run("bash", [
      "-c",
      curl.replace("curl ", "curl --silent --max-time 30 "),
    ]);
    return JSON.parse(stdout);
  }
  const [, url = ""] = /(http:\S+)/.exec(curl) ?? [];
  const headers = [...curl.matchAll(/-H '([^:]+): ([^']*)'/g)].map(
    ([, name = "", value = ""]): [string, string] => [name, value],
  );
  const [, body = ""] = /-d '([^']*)'/.exec(curl) ?? [];
  const response = await fetch(url, { method: "POST", headers, body });
  return response.json();
}
