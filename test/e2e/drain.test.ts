import { connect } from "node:net";
import { fromBinary } from "@bufbuild/protobuf";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { SyncContactsResponseSchema } from "../../src/gen/contact/v1/contact_service_pb.ts";
import type { RawConnection } from "../support/raw.ts";
import { openRaw, parseHttp1 } from "../support/raw.ts";
import type { TestApp, TestService } from "../support/service.ts";
import { startService } from "../support/service.ts";
import { encodeSync, openGrpc, restPath, rpcPath, syncOverGrpc } from "./support/calls.ts";
import { eventually } from "./support/eventually.ts";
import { exchangeHttp2, grpcFrame, grpcStatusOf, openHttp2, untilRead } from "./support/http2.ts";
import { expectPrompt } from "./support/prompt.ts";
import type { HeldPair } from "./support/row-lock.ts";
import { holdPair } from "./support/row-lock.ts";

const pair = ["locked", "b"] as const;

let service: TestService;
let app: TestApp;
let held: HeldPair;

function serve(env: Record<string, string> = {}): void {
  beforeEach(async () => {
    service = await startService(env);
    app = await service.createApp();
    held = await holdPair(service.databaseUrl, app.id, pair);
  });
  afterEach(async () => {
    await held[Symbol.asyncDispose]();
    await service.stop();
  });
}

function restSync(owner: string, contact: string): string {
  const body = JSON.stringify({ contacts: [{ ownerXCUserID: owner, contactXCUserID: contact }] });
  const head = [`POST ${restPath} HTTP/1.1`, "Host: x", `Server-Key: ${app.header}`];
  const sized = ["Content-Type: application/json", `Content-Length: ${body.length}`];
  return [...head, ...sized, "", body].join("\r\n");
}

async function answersOf(connection: RawConnection, count: number) {
  const { bytes, closed } = await connection.until((so) => parseHttp1(so, false).length >= count);
  return parseHttp1(bytes, closed);
}

/** Connections are accepted until none waits to be accepted. */
function untilRefused(): Promise<void> {
  return eventually(
    "no more connections",
    async () => (await connectionError()) === "ECONNREFUSED",
  );
}

function connectionError(): Promise<string | undefined> {
  const socket = connect({ host: "127.0.0.1", port: service.port });
  return new Promise((resolve) => {
    socket.once("error", (error: Error & { code?: string }) => resolve(error.code));
    socket.once("connect", () => {
      socket.destroy();
      resolve(undefined);
    });
  });
}

describe("a request in flight when the service stops", () => {
  serve();

  test("is answered over REST, and its connection closed", async () => {
    using connection = await openRaw(service.port);
    connection.send(restSync("free", "b"));
    await answersOf(connection, 1);
    connection.send(restSync(...pair));
    await held.untilWaiting(1);

    const closing = service.app.close();
    await untilRefused();
    await held.release();
    const answers = await answersOf(connection, 2);
    expect(answers.map(({ status }) => status)).toEqual([200, 200]);
    // Otherwise the connection would stay open for the 5 s for which Node keeps an idle one.
    await expectPrompt(async () => {
      expect((await connection.until(() => false)).closed).toBe(true);
      expect(await closing).toEqual([]);
    });
  });

  test("is answered over gRPC", async () => {
    const client = openGrpc(service.url);
    await syncOverGrpc(client, app.header, [["free", "b"]]).answer;
    const { answer } = syncOverGrpc(client, app.header, [pair]);
    await held.untilWaiting(1);

    const closing = service.app.close();
    await untilRefused();
    await held.release();
    expect((await answer).countInserted).toBe(1n);
    expect(await closing).toEqual([]);
    client.close();
  });

  test("is answered among a hundred others", async () => {
    await using stack = new AsyncDisposableStack();
    const sessions = Array.from({ length: 10 }, () => stack.use(openHttp2(service.port)));
    const headers = {
      ":path": rpcPath,
      "content-type": "application/grpc",
      te: "trailers",
      "server-key": app.header,
    };
    const body = grpcFrame(encodeSync(pair));
    const answers = sessions.flatMap((session) =>
      Array.from({ length: 10 }, () => exchangeHttp2(session, { headers, body })),
    );
    await Promise.all(sessions.map(untilRead));
    await held.untilWaiting(1);
    const closing = service.app.close();
    await held.release();
    const all = await Promise.all(answers);
    expect(new Set(all.map(grpcStatusOf))).toEqual(new Set([0]));
    // Each adds the same pair, and one of them did.
    const counts = all.map((answer) =>
      fromBinary(SyncContactsResponseSchema, answer.body.subarray(5)),
    );
    expect(counts.filter(({ countInserted }) => countInserted === 1n)).toHaveLength(1);
    expect(await closing).toEqual([]);
  });
});

describe("a request that is still in flight after SHUTDOWN_TIMEOUT_MS", () => {
  serve({ SHUTDOWN_TIMEOUT_MS: "300", REQUEST_TIMEOUT_MS: "3600000" });

  test("is cut off, and the caller gets UNAVAILABLE", async () => {
    const client = openGrpc(service.url);
    const overGrpc = syncOverGrpc(client, app.header, [pair]).answer.catch(({ code }) => code);
    using connection = await openRaw(service.port);
    connection.send(restSync(...pair));
    await held.untilWaiting(1);

    // The lock is still held, so a close that waited for the database would not end.
    const cutOff = await service.app.close();
    const method = "contact.v1.ContactService/SyncContacts";
    expect(cutOff.map((call) => ({ method: call.method, protocol: call.protocol }))).toEqual(
      expect.arrayContaining([
        { method, protocol: "rest" },
        { method, protocol: "grpc" },
      ]),
    );
    expect(cutOff).toHaveLength(2);
    // UNAVAILABLE: the connection went away.
    expect(await overGrpc).toBe(14);
    const { bytes } = await connection.until(() => false);
    expect(bytes).toHaveLength(0);
  });
});
