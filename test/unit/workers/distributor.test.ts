import { Socket } from "node:net";
import { expect, test } from "vitest";
import type { Distributor } from "../../../src/workers/distributor.ts";
import { createDistributor } from "../../../src/workers/distributor.ts";
import type { FakeWorker } from "../support/fake-worker.ts";
import { createFakeWorker } from "../support/fake-worker.ts";

function addWorker(distributor: Distributor, number: number): FakeWorker {
  const worker = createFakeWorker(number);
  distributor.add(worker);
  return worker;
}

function distribute(
  distributor: Distributor,
  count = 1,
  port: "service" | "monitoring" = "service",
) {
  const sockets = Array.from({ length: count }, () => new Socket());
  for (const socket of sockets) distributor.distribute(socket, port);
  return sockets;
}

const counts = (...workers: FakeWorker[]) => workers.map(({ handed }) => handed.length);

test("the worker with the fewest connections gets the next one", () => {
  const distributor = createDistributor();
  const [first, second] = [addWorker(distributor, 1), addWorker(distributor, 2)];
  distribute(distributor, 6);
  expect(counts(first, second)).toEqual([3, 3]);
  distributor.release(first, 2);
  distribute(distributor, 2);
  expect(counts(first, second)).toEqual([5, 3]);
  const third = addWorker(distributor, 3);
  distribute(distributor, 3);
  expect(counts(first, second, third)).toEqual([5, 3, 3]);
});

test("connections wait for a worker", () => {
  const distributor = createDistributor();
  const sockets = distribute(distributor, 3);
  const worker = addWorker(distributor, 1);
  expect(worker.handed.map(({ socket }) => socket)).toEqual(sockets);
});

test("no more than 1,024 connections wait", () => {
  const sockets = distribute(createDistributor(), 1_025);
  expect(sockets.filter(({ destroyed }) => destroyed)).toEqual([sockets.at(-1)]);
});

test("connections that a lost worker did not accept go to others", () => {
  const distributor = createDistributor();
  const lost = addWorker(distributor, 1);
  const [accepted, pending] = distribute(distributor, 2);
  distributor.accepted(lost, lost.handed[0]?.id ?? 0);
  expect(accepted?.destroyed).toBe(true);
  const other = addWorker(distributor, 2);
  distributor.remove(lost);
  expect(other.handed.map(({ socket }) => socket)).toEqual([pending]);
  expect(pending?.destroyed).toBe(false);
});

test("a worker that has closed the port of the metrics gets only calls", () => {
  const distributor = createDistributor();
  const [first, second] = [addWorker(distributor, 1), addWorker(distributor, 2)];
  distributor.closePort(first, "monitoring");
  distribute(distributor, 4, "monitoring");
  expect(counts(first, second)).toEqual([0, 4]);
  distribute(distributor, 2);
  expect(counts(first, second)).toEqual([1, 5]);
});

test("a worker that does not respond gets connections only if no other one can get them", () => {
  const distributor = createDistributor();
  const [first, second] = [addWorker(distributor, 1), addWorker(distributor, 2)];
  distributor.setResponsive(first, false);
  distribute(distributor, 4);
  expect(counts(first, second)).toEqual([0, 4]);
  distributor.setResponsive(second, false);
  distribute(distributor, 2);
  expect(counts(first, second)).toEqual([2, 4]);
  distributor.setResponsive(first, true);
  distribute(distributor, 4);
  expect(counts(first, second)).toEqual([6, 4]);
});
