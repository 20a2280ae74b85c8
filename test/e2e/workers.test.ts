import { rm } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { makeClusterDirectory } from "../support/cluster-directory.ts";
import { callOverGrpc, callOverRest } from "./support/callers.ts";
import { entry, expectToServe, syncOverGrpc } from "./support/calls.ts";
import { eventually } from "./support/eventually.ts";
import { startProcess } from "./support/process.ts";
import { makeTlsFolder, subjectAt } from "./support/tls.ts";
import type { WorkersService } from "./support/workers.ts";
import {
  emptyDatabase,
  keepConnection,
  startWorkers,
  untilEnded,
  workersOf,
} from "./support/workers.ts";

/** The workers that served the calls of the access log, one for each call. */
function servedBy({ service }: WorkersService): unknown[] {
  return service
    .logs()
    .filter(({ method }) => String(method).endsWith("/SyncContacts"))
    .map(({ worker }) => worker);
}

test("connections are spread evenly, and a connection stays with its worker", async () => {
  await using workers = await startWorkers({ ACCESS_LOG: "on" });
  const clients = workers.openClients(4);
  for (const client of [...clients, ...clients]) {
    await syncOverGrpc(client, workers.header, [["a", "b"]]).answer;
  }
  await eventually("eight lines", () => servedBy(workers).length === 8);
  const served = servedBy(workers);
  expect(served.slice(0, 4).toSorted()).toEqual([1, 1, 2, 2]);
  expect(served.slice(4)).toEqual(served.slice(0, 4));
});

test("a worker that is killed under load is replaced, and other connections notice nothing", async () => {
  await using stack = new AsyncDisposableStack();
  const workers = stack.use(await startWorkers());
  const { service, port, header } = workers;
  const callers = Array.from({ length: 4 }, () => [
    stack.use(callOverGrpc([port], header)),
    stack.use(callOverRest([port], header)),
  ]).flat();
  const haveCalled = async (more: number) => {
    const before = callers.map(({ calls }) => calls);
    await eventually("each caller has made calls", () =>
      callers.every(({ calls }, n) => calls >= (before[n] ?? 0) + more),
    );
  };
  await haveCalled(20);
  const [killed] = workers.started();
  if (killed === undefined) throw new Error("no worker is ready");
  process.kill(killed.pid, "SIGKILL");
  await eventually("it is replaced", () => workers.started().length === 3);
  await haveCalled(20);

  // Connections are spread evenly. A call that was in flight may fail, but only that one.
  const failed = callers.filter(({ failures }) => failures.length > 0);
  expect(failed.length).toBeLessThanOrEqual(4);
  for (const { failures } of failed) expect(failures).toHaveLength(1);
  expect(workers.started().at(-1)?.number).toBe(killed.number);
  expect(service.logs()).toContainEqual(
    expect.objectContaining({ msg: "a worker ended", worker: killed.number, signal: "SIGKILL" }),
  );
});

test("connections wait while no worker runs, and no worker outlives a primary that is killed", async () => {
  await using workers = await startWorkers();
  for (const { pid } of workers.started()) process.kill(pid, "SIGKILL");
  await expectToServe(workers);
  await eventually("both are replaced", () => workers.started().length === 4);
  workers.service.signal("SIGKILL");
  expect(await workers.service.exit()).toBe("SIGKILL");
  for (const worker of workers.started()) await untilEnded(worker);
});

test("migrations run once, and signals to workers are ignored", async () => {
  await using database = await emptyDatabase();
  await using workers = await startWorkers({ DATABASE_URL: database.url });
  await expectToServe(workers);
  expect(workers.service.logs().filter(({ migrations }) => migrations)).toHaveLength(1);
  expect(workers.service.logs().filter(({ msg }) => msg === "listening")).toHaveLength(1);
  for (const { pid } of workers.started()) {
    process.kill(pid, "SIGTERM");
    process.kill(pid, "SIGINT");
  }
  await expectToServe(workers);
  workers.service.signal("SIGTERM");
  expect(await workers.service.exit()).toBe(0);
  expect(workers.started()).toHaveLength(2);
});

test("the workers share one embedded Postgres, which ends with the primary", async () => {
  const dataDir = makeClusterDirectory("kith-workers-");
  const env = { WORKERS: "2", DATA_DIR: join(dataDir, "data"), DATABASE_POOL_SIZE: "60" };
  for (const signal of ["SIGKILL", "SIGTERM"] as const) {
    await using service = startProcess(env);
    const url = await service.url();
    const header = /Server-Key +(\S+)/.exec(await service.untilOutput(/Server-Key +\S+\n/))?.[1];
    await expectToServe({ url, header: header ?? "" });
    service.signal(signal);
    expect(await service.exit()).toBe(signal === "SIGTERM" ? 0 : signal);
    for (const worker of workersOf(service)) await untilEnded(worker);
  }
  await rm(dataDir, { recursive: true });
});

test("a rate limit holds for all workers together", async () => {
  await using workers = await startWorkers({ RATE_LIMIT_CONTACTS_PER_SECOND: "1" });
  using first = keepConnection(workers.port, workers.header);
  using second = keepConnection(workers.port, workers.header);
  await second.get("/livez");
  const many = Array.from({ length: 5_000 }, (_, n) => entry("a", `b${n}`));
  expect((await first.sync(many)).status).toBe(200);
  // Without the calls of the other worker, it would be a second.
  await eventually("the other worker knows", async () => {
    const { status, headers } = await second.sync([entry("a", "b")]);
    return status === 429 && Number(headers["retry-after"]) > 1_000;
  });
});

test("all workers use a replaced certificate", async () => {
  using folder = makeTlsFolder();
  await using workers = await startWorkers(folder.env);
  folder.write("tls.crt", folder.certificate.cert.replace(/\n$/, "\n\n"));
  const replaced = () =>
    workers.service.logs().filter(({ msg }) => msg === "the TLS certificate was replaced");
  await eventually("both say so", () => replaced().length >= 2);
  expect(new Set(replaced().map(({ worker }) => worker))).toEqual(new Set([1, 2]));
  expect(await subjectAt(workers.port, folder.authority.cert)).toBe("first");
});
