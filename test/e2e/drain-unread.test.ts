import { expect, test } from "vitest";
import { startServiceForTest } from "../support/service.ts";
import { startClientThread } from "./support/client-thread.ts";
import { eventually } from "./support/eventually.ts";

const count = 20;
const allOk = Array(count).fill("200");

test("connections that wait to be accepted when the service stops are served", async () => {
  const service = await startServiceForTest();
  await using clients = startClientThread(service.port, count);
  clients.sendWhileBlocked();
  const closing = service.app.close();
  expect(await clients.responses()).toEqual(allOk);
  expect(await closing).toEqual([]);
});

test("requests that arrive while idle connections are closed are served", async () => {
  const service = await startServiceForTest();
  await using clients = startClientThread(service.port, count);
  clients.sendWhileBlocked();
  expect(await clients.responses()).toEqual(allOk);

  const closing = service.app.close();
  // The listener no longer accepts connections after a few turns of the event loop.
  const isRefused = () =>
    fetch(service.url).then(
      () => false,
      () => true,
    );
  await eventually("no more connections", isRefused);
  const blockedFrom = performance.now();
  clients.sendWhileBlocked();
  // When the event loop continues, the time for which idle connections stay open is over.
  while (performance.now() - blockedFrom < 1_500);
  expect(await clients.responses()).toEqual(allOk);
  expect(await closing).toEqual([]);
});
