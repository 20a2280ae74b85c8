import { expect, test } from "vitest";
import { withAdmin } from "../support/database.ts";
import { entry, expectToServe, syncOverGrpc } from "./support/calls.ts";
import { eventually } from "./support/eventually.ts";
import { holdPair } from "./support/row-lock.ts";
import type { WorkersService } from "./support/workers.ts";
import { keepConnection, startWorkers } from "./support/workers.ts";

const pair = ["locked", "b"] as const;

/** Calls that wait for a lock: one over gRPC and one over REST in each worker. */
async function callLocked(workers: WorkersService, env: { readonly appId: number }) {
  const held = await holdPair(workers.databaseUrl, env.appId, pair);
  const overGrpc = workers
    .openClients(2)
    .map((client) => syncOverGrpc(client, workers.header, [pair]).answer);
  const connections = [1, 2].map(() => keepConnection(workers.port, workers.header));
  const overRest = connections.map((each, n) =>
    each.sync([entry(...pair)], { "X-Request-Id": `rest-${n}` }),
  );
  await held.untilWaiting(2);
  return { held, overGrpc, overRest };
}

async function demoApp({ databaseUrl }: WorkersService) {
  const { rows } = await withAdmin(databaseUrl, (client) =>
    client.query("SELECT id FROM app WHERE name = 'demo'"),
  );
  return { appId: Number(rows[0].id) };
}

test("a stop lets the calls in flight of all workers end, and exits with 0", async () => {
  await using workers = await startWorkers();
  const { held, overGrpc, overRest } = await callLocked(workers, await demoApp(workers));
  workers.service.signal("SIGTERM");
  await workers.service.untilOutput(/"stopping"/);
  workers.service.signal("SIGTERM");
  workers.service.signal("SIGINT");
  await eventually("no more connections", () =>
    fetch(workers.url).then(
      () => false,
      () => true,
    ),
  );
  await held.release();
  let inserted = 0;
  for (const { countInserted } of await Promise.all(overGrpc)) inserted += Number(countInserted);
  for (const { status, body } of await Promise.all(overRest)) {
    expect(status).toBe(200);
    inserted += JSON.parse(body).data.countInserted ?? 0;
  }
  expect(inserted).toBe(1);
  expect(await workers.service.exit()).toBe(0);
  expect(workers.service.logs().at(-1)).toMatchObject({ msg: "stopped", cutOff: 0 });
  await held[Symbol.asyncDispose]();
});

test("a stop exits with 1 if workers cut calls off, and logs which", async () => {
  await using workers = await startWorkers({ SHUTDOWN_TIMEOUT_MS: "300" });
  const { held, overGrpc, overRest } = await callLocked(workers, await demoApp(workers));
  const answers = Promise.allSettled([...overGrpc, ...overRest]);
  workers.service.signal("SIGTERM");
  expect(await workers.service.exit()).toBe(1);
  expect((await answers).map(({ status }) => status)).not.toContain("fulfilled");
  const cutOff = workers.service.logs().filter(({ msg }) => msg === "cut off");
  expect(cutOff).toHaveLength(4);
  const ids = cutOff.map(({ requestId }) => requestId);
  expect(ids).toEqual(expect.arrayContaining(["rest-0", "rest-1"]));
  await held[Symbol.asyncDispose]();
});

test("in the drain delay no worker is ready, and all serve", async () => {
  await using workers = await startWorkers({ DRAIN_DELAY_MS: "3600000" });
  using first = keepConnection(workers.port, workers.header);
  using second = keepConnection(workers.port, workers.header);
  const statuses = async () => {
    const answers = [await first.get("/readyz"), await second.get("/readyz")];
    return answers.map(({ status }) => status).join();
  };
  await eventually("both are ready", async () => (await statuses()) === "200,200");
  workers.service.signal("SIGTERM");
  await eventually("none is ready", async () => (await statuses()) === "503,503");
  await expectToServe(workers);
  workers.service.signal("SIGKILL");
  await workers.service.exit();
});

test("a worker that dies while it stops makes the exit code 1", async () => {
  await using workers = await startWorkers();
  const { held, overGrpc, overRest } = await callLocked(workers, await demoApp(workers));
  const answers = Promise.allSettled([...overGrpc, ...overRest]);
  workers.service.signal("SIGTERM");
  await workers.service.untilOutput(/"stopping"/);
  const [worker] = workers.started();
  process.kill(worker?.pid ?? 0, "SIGKILL");
  await workers.service.untilOutput(/"a worker ended while it stopped"/);
  await held.release();
  await answers;
  expect(await workers.service.exit()).toBe(1);
  expect(workers.started()).toHaveLength(2);
  await held[Symbol.asyncDispose]();
});
