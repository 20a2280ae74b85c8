import { expect, test } from "vitest";
import { readMetrics, sumOf } from "../support/metrics.ts";
import { entry, expectToServe } from "./support/calls.ts";
import { eventually } from "./support/eventually.ts";
import { keepConnection, startWorkers, untilEnded } from "./support/workers.ts";

test("a worker that hangs is replaced, and loses only the connections that it has", async () => {
  await using stack = new AsyncDisposableStack();
  const workers = stack.use(await startWorkers());
  const { service, port, header, url } = workers;
  const [hung] = workers.started();
  if (hung === undefined) throw new Error("no worker is ready");
  process.kill(hung.pid, "SIGSTOP");

  // Some of these are handed to the worker that hangs, which does not accept them.
  const calls = Array.from({ length: 8 }, async () => {
    const connection = stack.use(keepConnection(port, header));
    return (await connection.sync([entry("a", "b")])).status;
  });
  expect(await Promise.all(calls)).toEqual(Array(8).fill(200));

  await eventually("it is replaced", () => workers.started().length === 3);
  await untilEnded(hung);
  expect(workers.started().at(-1)?.number).toBe(hung.number);
  const about = { worker: hung.number, pid: hung.pid };
  expect(service.logs()).toContainEqual(
    expect.objectContaining({ ...about, msg: "a worker does not respond" }),
  );
  const samples = await readMetrics(url);
  const replaced = (reason: string) => sumOf(samples, "kith_worker_replacements_total", { reason });
  expect([replaced("unresponsive"), replaced("ended")]).toEqual([1, 0]);
  await expectToServe(workers);
});
