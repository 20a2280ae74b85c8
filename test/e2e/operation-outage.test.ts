import { setTimeout as sleep } from "node:timers/promises";
import { status as GrpcStatus } from "@grpc/grpc-js";
import { describe, expect, test } from "vitest";
import { generateServerKey, serverKeyHeader } from "../../src/access/server-key.ts";
import { createTestDatabase, withAdmin } from "../support/database.ts";
import { startServiceForTest } from "../support/service.ts";
import type { Target } from "./support/calls.ts";
import {
  entry,
  expectToServe,
  expectToServeWithRetries,
  openGrpc,
  syncOverGrpc,
  syncOverRest,
} from "./support/calls.ts";
import type { DatabaseProxy, Outage } from "./support/database-proxy.ts";
import { startDatabaseProxy } from "./support/database-proxy.ts";
import { eventually } from "./support/eventually.ts";
import { serveOverProxy } from "./support/serve-over-proxy.ts";

const unavailable = {
  status: 503,
  error: { code: "50300", message: expect.any(String), field: "" },
  data: {},
};

/** A service with few connections, so that a few calls use them all. */
const serve = (stack: AsyncDisposableStack, env: Record<string, string> = {}) =>
  serveOverProxy(stack, { DATABASE_POOL_SIZE: "3", ...env });

async function grpcCode({ url, header }: Target): Promise<number | undefined> {
  const client = openGrpc(url);
  const { answer } = syncOverGrpc(client, header, [["a", "b"]]);
  const code = await answer.then(
    () => GrpcStatus.OK,
    (error) => error.code,
  );
  client.close();
  return code;
}

const statusOf = async (url: string) => (await fetch(url)).status;

async function expectRecovery(proxy: DatabaseProxy, target: Target): Promise<void> {
  await proxy.restore();
  await eventually(
    "the service is ready",
    async () => (await statusOf(`${target.url}/readyz`)) === 200,
  );
  await eventually("the service serves", async () => {
    const { status } = await syncOverRest(target, [entry("again", "b")]);
    return status === 200;
  });
  await expectToServeWithRetries(target);
}

/** For tests in which only a deadline ends a call. It also limits successful calls. */
const shortDeadline = { REQUEST_TIMEOUT_MS: "2000" };

describe.each<Outage>(["refuses", "hangs up"])("a database that %s", (outage) => {
  test("gives 503 with Retry-After, and UNAVAILABLE over gRPC, until it is back", async () => {
    await using stack = new AsyncDisposableStack();
    const { proxy, target } = await serve(stack);
    await expectToServe(target);
    await proxy.cut(outage);

    // Several times, because the first call may get a connection that has just worked.
    for (const _ of [1, 2, 3, 4]) {
      const { status, headers, body } = await syncOverRest(target, [entry("a", "b")]);
      expect(status).toBe(503);
      expect(headers.get("retry-after")).toMatch(/^\d+$/);
      expect(body).toEqual(unavailable);
      expect(JSON.stringify(body)).not.toMatch(/ECONN|postgres|127\.0\.0\.1/i);
      expect(await grpcCode(target)).toBe(GrpcStatus.UNAVAILABLE);
    }
    const unseen = serverKeyHeader(generateServerKey());
    const { status } = await syncOverRest({ ...target, header: unseen }, [entry("a", "b")]);
    expect(status).toBe(503);
    await eventually("not ready", async () => (await statusOf(`${target.url}/readyz`)) === 503);
    expect(await statusOf(`${target.url}/livez`)).toBe(200);

    await expectRecovery(proxy, target);
  });
});

test("a silent database gives 503 or 504 within the deadline until it is back", async () => {
  await using stack = new AsyncDisposableStack();
  const { proxy, target } = await serve(stack, shortDeadline);
  await expectToServeWithRetries(target);
  await proxy.cut("is silent");
  const answers = [1, 2, 3, 4, 5, 6].map(() => syncOverRest(target, [entry("a", "b")]));
  for (const { status } of await Promise.all(answers)) expect([503, 504]).toContain(status);
  await expectRecovery(proxy, target);
});

test("connections that get no response from the database are closed", async () => {
  await using stack = new AsyncDisposableStack();
  const { proxy, target } = await serve(stack, { REQUEST_TIMEOUT_MS: "3000" });
  // As many calls as the pool has connections, so that all are in use.
  await Promise.all(
    Array.from({ length: 20 }, (_, n) => syncOverRest(target, [entry("x", `${n}`)])),
  );
  await proxy.cut("forgets its connections");
  const { status } = await syncOverRest(target, [entry("lost", "b")]);
  expect([200, 503, 504]).toContain(status);
  // Concurrently, so that all lost connections are found at the same time.
  const serves = async () => {
    const calls = [1, 2, 3].map((n) => syncOverRest(target, [entry("again", `${n}`)]));
    return (await Promise.all(calls)).every(({ status }) => status === 200);
  };
  await eventually("the service serves", serves);
  // Every call must succeed, not only those that get a working connection.
  for (let n = 0; n < 10; n++) await expectToServe(target);
  await eventually("ready", async () => (await statusOf(`${target.url}/readyz`)) === 200);
});

test("a silent database does not delay a probe", async () => {
  await using stack = new AsyncDisposableStack();
  const { proxy, target } = await serve(stack, shortDeadline);
  await expectToServeWithRetries(target);
  await proxy.cut("is silent");
  expect(await statusOf(`${target.url}/livez`)).toBe(200);
  await eventually("not ready", async () => (await statusOf(`${target.url}/readyz`)) === 503);
  await expectRecovery(proxy, target);
});

test("connections that the database ends under load fail only calls in flight", async () => {
  await using stack = new AsyncDisposableStack();
  const { database, target } = await serve(stack);
  await expectToServe(target);
  const stopping = new AbortController();
  const statuses = new Set<number>();
  const callers = Array.from({ length: 8 }, async (_, caller) => {
    for (let n = 0; !stopping.signal.aborted; n++) {
      const { status } = await syncOverRest(target, [entry(`load-${caller}`, `${n}`)]);
      statuses.add(status);
    }
  });
  await withAdmin(database.url, async (admin) => {
    for (let round = 0; round < 40; round++) {
      await admin.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE datname = current_database() AND application_name = 'kith'`,
      );
      await sleep(25);
    }
  });
  stopping.abort();
  await Promise.all(callers);
  expect([...statuses].filter((status) => status !== 200 && status !== 503)).toEqual([]);
  expect(statuses).toContain(200);
  await eventually("the service serves", async () => {
    const { status } = await syncOverRest(target, [entry("after", "b")]);
    return status === 200;
  });
  await expectToServe(target);
});

test("a service that starts before its database waits for it", async () => {
  await using stack = new AsyncDisposableStack();
  const database = await createTestDatabase();
  stack.defer(() => database.drop());
  const proxy = stack.use(await startDatabaseProxy(database.url));
  await proxy.cut("refuses");
  const starting = startServiceForTest({ DATABASE_URL: proxy.url });
  await sleep(500);
  await proxy.restore();
  const service = await starting;
  expect(await statusOf(`${service.url}/readyz`)).toBe(200);
  await service.app.close();
});
