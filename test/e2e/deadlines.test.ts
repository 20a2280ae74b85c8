import { status as GrpcStatus } from "@grpc/grpc-js";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { patienceMs } from "../support/patience.ts";
import type { Target } from "./support/calls.ts";
import {
  encodeSync,
  entry,
  expectToServe,
  expectToServeWithRetries,
  openGrpc,
  restPath,
  rpcPath,
  syncOverGrpc,
  syncOverRest,
} from "./support/calls.ts";
import { eventually } from "./support/eventually.ts";
import { exchangeHttp2, grpcFrame, grpcStatusOf, openHttp2 } from "./support/http2.ts";
import type { HeldPair } from "./support/row-lock.ts";
import { holdPair, storedContacts } from "./support/row-lock.ts";
import type { Served } from "./support/served.ts";
import { serveForFile } from "./support/served.ts";

const deadlineExceeded = 4;
const pair = ["locked", "b"] as const;
const json = JSON.stringify({ contacts: [entry(...pair)] });

interface Caller {
  readonly name: string;
  /** Resolves when the response says that the deadline is exceeded. */
  readonly call: (target: Target) => Promise<void>;
}

async function overHttp2(target: Target, more: Record<string, string> = {}): Promise<void> {
  using session = openHttp2(Number(new URL(target.url).port));
  const headers = {
    ":path": rpcPath,
    "content-type": "application/grpc",
    "server-key": target.header,
    ...more,
  };
  const answer = await exchangeHttp2(session, { headers, body: grpcFrame(encodeSync(pair)) });
  expect(grpcStatusOf(answer)).toBe(deadlineExceeded);
}

async function overGrpc({ url, header }: Target, timeoutMs?: number): Promise<void> {
  const client = openGrpc(url);
  const options = timeoutMs === undefined ? {} : { deadline: Date.now() + timeoutMs };
  const { answer } = syncOverGrpc(client, header, [pair], options);
  await expect(answer).rejects.toMatchObject({ code: GrpcStatus.DEADLINE_EXCEEDED });
  client.close();
}

async function overConnect(target: Target, more: Record<string, string> = {}): Promise<void> {
  const response = await fetch(target.url + rpcPath, {
    method: "POST",
    headers: { "Server-Key": target.header, "Content-Type": "application/json", ...more },
    body: json,
  });
  expect(response.status).toBe(504);
  expect(await response.json()).toMatchObject({ code: "deadline_exceeded" });
}

async function overRest(target: Target): Promise<void> {
  const { status, body } = await syncOverRest(target, [entry(...pair)]);
  expect(status).toBe(504);
  expect(body).toEqual({
    status: 504,
    error: { code: "50400", message: expect.any(String), field: "" },
    data: {},
  });
}

/** Holds the pair in the database while a test runs. */
function withHeldPair(served: Served): () => HeldPair {
  let held: HeldPair | undefined;
  beforeEach(async () => {
    held = await holdPair(served.service.databaseUrl, served.appId, pair);
  });
  // A sync may continue after its caller's deadline when the lock ends. It must not affect the next test.
  afterEach(async () => {
    await held?.release();
    await eventually("the service is idle", async () => {
      const { rows } = (await held?.query(
        `SELECT FROM pg_stat_activity WHERE datname = current_database()
         AND application_name = 'kith' AND state <> 'idle'`,
      )) ?? { rows: [] };
      return rows.length === 0;
    });
    await held?.query("DELETE FROM contact");
    await held?.[Symbol.asyncDispose]();
  });
  return () => {
    if (held === undefined) throw new Error("nothing is held");
    return held;
  };
}

function endsEveryWait(served: Served, held: () => HeldPair, callers: readonly Caller[]): void {
  test.each(callers)("$name", async ({ call }) => {
    // More calls than connections, so a connection that stays busy makes a call fail.
    await Promise.all([1, 2, 3, 4].map(() => call(served)));
    await held().untilWaiting(0);
    await expectToServeWithRetries(served);
    expect(await storedContacts(served.service.databaseUrl, pair[0])).toEqual([]);
  });
}

describe("the deadline of the caller ends the wait for a lock", () => {
  const served = serveForFile({ DATABASE_POOL_SIZE: "2" });
  const held = withHeldPair(served);
  endsEveryWait(served, held, [
    { name: "grpc-timeout", call: (to) => overHttp2(to, { "grpc-timeout": "300m" }) },
    {
      name: "grpc-timeout in microseconds",
      call: (to) => overHttp2(to, { "grpc-timeout": "300000u" }),
    },
    { name: "a deadline of grpc-js", call: (to) => overGrpc(to, 300) },
    { name: "connect-timeout-ms", call: (to) => overConnect(to, { "Connect-Timeout-Ms": "300" }) },
  ]);

  test.each<Caller>([
    { name: "gRPC", call: (to) => overHttp2(to, { "grpc-timeout": "300m" }) },
    { name: "Connect", call: (to) => overConnect(to, { "Connect-Timeout-Ms": "300" }) },
  ])("a caller that waits for a connection also gets a response, over $name", async ({ call }) => {
    const busy = [1, 2].map(() =>
      fetch(served.url + restPath, {
        method: "POST",
        headers: { "Server-Key": served.header, "Content-Type": "application/json" },
        body: json,
      }),
    );
    await held().untilWaiting(1);
    await call(served);
    await held().release();
    await Promise.all(busy);
    await expectToServe(served);
  });
});

describe("REQUEST_TIMEOUT_MS ends the wait for a lock", () => {
  const served = serveForFile({ DATABASE_POOL_SIZE: "2", REQUEST_TIMEOUT_MS: "500" });
  const held = withHeldPair(served);
  endsEveryWait(served, held, [
    { name: "over REST", call: overRest },
    { name: "over gRPC", call: (to) => overHttp2(to) },
    { name: "over grpc-js", call: (to) => overGrpc(to) },
    {
      name: "over gRPC, whose own deadline is later",
      call: (to) => overHttp2(to, { "grpc-timeout": "1H" }),
    },
    { name: "over Connect", call: (to) => overConnect(to) },
    {
      name: "over Connect, whose own deadline is later",
      call: (to) => overConnect(to, { "Connect-Timeout-Ms": "3600000" }),
    },
  ]);
});

describe("a caller that disconnects while the database waits", () => {
  const served = serveForFile({ DATABASE_POOL_SIZE: "2" });
  const held = withHeldPair(served);

  test("releases its locks and connections if it cancels over gRPC", async () => {
    const client = openGrpc(served.url);
    const calls = [1, 2].map(() => syncOverGrpc(client, served.header, [pair]));
    await held().untilWaiting(1);
    for (const { cancel } of calls) cancel();
    for (const { answer } of calls) {
      await expect(answer).rejects.toMatchObject({ code: GrpcStatus.CANCELLED });
    }
    client.close();
    await held().untilWaiting(0);
    await expectToServe(served);
    expect(await storedContacts(served.service.databaseUrl, pair[0])).toEqual([]);
  });

  test("releases its locks and connections if it closes its connection over REST", async () => {
    const leaving = new AbortController();
    const calls = [1, 2].map(() =>
      syncOverRest(served, [entry(...pair)], { signal: leaving.signal }),
    );
    const left = Promise.allSettled(calls);
    await held().untilWaiting(1);
    leaving.abort();
    expect((await left).map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    await held().untilWaiting(0);
    await expectToServe(served);
    expect(await storedContacts(served.service.databaseUrl, pair[0])).toEqual([]);
  });
});

describe("a sync that waits less than its deadline", () => {
  const served = serveForFile();
  const held = withHeldPair(served);

  test("succeeds once the lock is gone", async () => {
    const client = openGrpc(served.url);
    const deadline = Date.now() + patienceMs;
    const { answer } = syncOverGrpc(client, served.header, [pair], { deadline });
    const overHttp = syncOverRest(served, [entry(pair[0], "c"), entry(...pair)]);
    await held().untilWaiting(1);
    await held().release();
    const [{ countInserted }, { status, body }] = await Promise.all([answer, overHttp]);
    client.close();
    expect(status).toBe(200);
    // Both add the pair, so one of them inserts it. The other contact is new.
    expect(Number(countInserted) + (body.data.countInserted ?? 0)).toBe(2);
    expect(await storedContacts(served.service.databaseUrl, pair[0])).toEqual(["b", "c"]);
  });
});
