import { once } from "node:events";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { describe, expect, test } from "vitest";
import { ServerReflection } from "../../src/gen/grpc/reflection/v1/reflection_pb.ts";
import { openRaw, parseHttp1 } from "../support/raw.ts";
import type { TestService } from "../support/service.ts";
import { startServiceForTest } from "../support/service.ts";
import { exchangeHttp2, openHttp2 } from "./support/http2.ts";
import { emptySettings, http2Frame, http2Preface } from "./support/http2-frames.ts";
import { expectPrompt } from "./support/prompt.ts";

const livez = "GET /livez HTTP/1.1\r\nHost: x\r\n\r\n";

const incomplete = (length: string) =>
  `POST /unknown HTTP/1.1\r\nHost: x\r\n${length}\r\n\r\n1\r\n`;

interface Idler {
  readonly name: string;
  /** Opens a connection that does nothing, and makes sure that the service knows it. */
  readonly open: (service: TestService) => Promise<Disposable>;
}

async function openAndSend(
  { port }: TestService,
  bytes: string | Uint8Array,
  isSeen: (received: Buffer) => boolean,
): Promise<Disposable> {
  const connection = await openRaw(port);
  if (bytes.length > 0) connection.send(bytes);
  // Where the service does not answer such bytes, there is nothing to see but time.
  await connection.until(isSeen, 300);
  return connection;
}

const answered = (so: Buffer) => parseHttp1(so, false).length > 0;
const never = () => false;

const idlers: Idler[] = [
  { name: "a connection kept alive", open: (to) => openAndSend(to, livez, answered) },
  { name: "a connection that never spoke", open: (to) => openAndSend(to, "", never) },
  {
    name: "a connection that said part of the HTTP/2 preface",
    open: (to) => openAndSend(to, http2Preface.subarray(0, 9), never),
  },
  {
    name: "a connection that said the HTTP/2 preface and no more",
    open: (to) => openAndSend(to, http2Preface, (so) => so.length > 0),
  },
  {
    name: "a connection within a frame of HTTP/2",
    open: (to) =>
      openAndSend(
        to,
        Buffer.concat([http2Preface, emptySettings, http2Frame(0, { length: 100 })]),
        (so) => so.length > 0,
      ),
  },
  {
    name: "a connection that sent part of its first headers",
    open: (to) => openAndSend(to, livez.slice(0, -4), never),
  },
  {
    name: "a connection kept alive that sent part of the next headers",
    open: (to) => openAndSend(to, livez + livez.slice(0, -4), answered),
  },
  {
    name: "a request that has its response but not its body",
    open: (to) => openAndSend(to, incomplete("Content-Length: 1000"), answered),
  },
  {
    name: "a request that has its response but not all chunks",
    open: (to) => openAndSend(to, incomplete("Transfer-Encoding: chunked"), answered),
  },
  {
    name: "an HTTP/2 session after a call",
    async open({ port }) {
      const session = openHttp2(port);
      await exchangeHttp2(session, { headers: { ":method": "GET", ":path": "/livez" } });
      return session;
    },
  },
  {
    name: "an HTTP/2 session without calls",
    async open({ port }) {
      const session = openHttp2(port);
      await once(session, "remoteSettings");
      return session;
    },
  },
  {
    name: "a reflection stream that asks nothing more",
    async open({ url }) {
      const client = createClient(ServerReflection, createGrpcTransport({ baseUrl: url }));
      const leaving = new AbortController();
      async function* questions() {
        yield { messageRequest: { case: "listServices" as const, value: "" } };
        await once(leaving.signal, "abort");
      }
      const answers = client.serverReflectionInfo(questions(), { signal: leaving.signal });
      const iterator = answers[Symbol.asyncIterator]();
      await iterator.next();
      const ended = iterator.next().catch(() => {});
      return {
        [Symbol.dispose]() {
          leaving.abort();
          void ended;
        },
      };
    },
  },
];

describe("does not delay the end of the service:", () => {
  test.each(idlers)("$name", async ({ open }) => {
    const service = await startServiceForTest();
    using _idle = await open(service);
    // That is far below the shutdown timeout, and below the 5 s for which Node keeps an idle connection.
    await expectPrompt(async () => {
      const cutOff = await service.app.close();
      expect(cutOff.map(({ method }) => method)).toEqual([]);
    });
  });
});
