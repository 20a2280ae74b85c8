import { afterEach, beforeEach, expect, test } from "vitest";
import { makeCertificate } from "../support/certificates.ts";
import { openRaw } from "../support/raw.ts";
import type { TestApp, TestService } from "../support/service.ts";
import { startService } from "../support/service.ts";
import { restPath } from "./support/calls.ts";
import { eventually } from "./support/eventually.ts";
import { exchangeHttp2 } from "./support/http2.ts";
import { expectPrompt } from "./support/prompt.ts";
import { holdPair } from "./support/row-lock.ts";
import type { TlsFolder } from "./support/tls.ts";
import { makeTlsFolder, openSecureHttp2, subjectAt } from "./support/tls.ts";

/** The code of a stream that the service has not processed (RFC 9113, section 7). */
const refusedStream = 7;

let folder: TlsFolder;
let service: TestService;
let app: TestApp;
let ca: string;

beforeEach(async () => {
  folder = makeTlsFolder();
  ca = folder.authority.cert;
  service = await startService(folder.env);
  app = await service.createApp();
});

afterEach(async () => {
  await service.stop();
  folder[Symbol.dispose]();
});

function syncRequest(owner: string, contact: string) {
  return {
    headers: { ":path": restPath, "server-key": app.header, "content-type": "application/json" },
    body: Buffer.from(
      JSON.stringify({ contacts: [{ ownerXCUserID: owner, contactXCUserID: contact }] }),
    ),
  };
}

test("a replaced certificate is used for new connections, and open ones continue", async () => {
  expect(await subjectAt(service.port, ca)).toBe("first");
  using session = await openSecureHttp2(service.port, ca);
  expect((await exchangeHttp2(session, syncRequest("a", "b"))).status).toBe(200);

  const second = makeCertificate({ subject: "second", issuer: folder.authority });
  folder.write("tls.crt", second.cert);
  folder.write("tls.key", second.key);
  await eventually("the new certificate is used", async () => {
    expect((await exchangeHttp2(session, syncRequest("a", "b"))).status).toBe(200);
    return (await subjectAt(service.port, ca)) === "second";
  });
  expect((await exchangeHttp2(session, syncRequest("a", "c"))).status).toBe(200);
  expect(service.logs).toContainEqual(
    expect.objectContaining({ msg: "the TLS certificate was replaced" }),
  );
});

test("a request in flight is answered when the service stops, and GOAWAY closes the connection", async () => {
  const held = await holdPair(service.databaseUrl, app.id, ["a", "locked"]);
  using session = await openSecureHttp2(service.port, ca);
  const goaway = new Promise((resolve) => session.once("goaway", resolve));
  const answer = exchangeHttp2(session, syncRequest("a", "locked"));
  const stopped = goaway.then(() => held[Symbol.asyncDispose]());
  await Promise.all([service.app.close(), stopped]);
  expect((await answer).status).toBe(200);
  await eventually("the connection is closed", () => session.destroyed);
});

test("each call that is sent while the service stops is answered, or can be retried", async () => {
  using session = await openSecureHttp2(service.port, ca);
  const results: Promise<number>[] = [];
  const send = () => {
    if (session.closed || session.destroyed) return;
    const stream = session.request({ ":path": "/livez" });
    stream.on("error", () => {}).resume();
    results.push(
      new Promise((resolve) => {
        stream.once("response", (headers) => resolve(Number(headers[":status"])));
        stream.once("close", () => resolve(stream.rstCode));
      }),
    );
    setImmediate(send);
  };
  send();
  await results[0];
  await service.app.close();
  const seen = new Set(await Promise.all(results));
  expect([...seen].filter((result) => ![200, refusedStream].includes(result))).toEqual([]);
});

test("a handshake that has begun does not delay the stop", async () => {
  using connection = await openRaw(service.port);
  // The first bytes of a record; the service waits for the rest.
  connection.send(Buffer.of(0x16, 3, 1));
  // Nothing shows that the service has read them.
  await connection.until(() => false, 300);
  await expectPrompt(async () => void (await service.app.close()));
  expect((await connection.until(() => false)).closed).toBe(true);
});
