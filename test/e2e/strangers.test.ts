import { once } from "node:events";
import { Agent, request } from "node:http";
import type { ClientHttp2Session } from "node:http2";
import { connect } from "node:http2";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { connectionOf } from "../../src/transport/connection.ts";
import type { Listener } from "../../src/transport/listener.ts";
import { createListener } from "../../src/transport/listener.ts";
import type { Strangers } from "../../src/transport/strangers.ts";
import { createStrangers } from "../../src/transport/strangers.ts";

let listener: Listener;
let strangers: Strangers;
let address: AddressInfo;

/** Serves a listener that takes each request to `/valid` for a valid call. */
async function serve(limits: Parameters<typeof createStrangers>[0]) {
  strangers = createStrangers(limits);
  listener = createListener({
    handler(req, res) {
      if (req.url === "/valid") strangers.recognize(connectionOf(req));
      res.end("ok");
      return () => {};
    },
    grpc: () => false,
    strangers,
    silenceMs: 60_000,
    keepAliveMs: 60_000,
    idleMs: 60_000,
  });
  address = await listener.listen({ host: "127.0.0.1", port: 0 });
}

afterEach(() => {
  listener.destroy();
  strangers.stop();
});

interface Client {
  ask(path: string): Promise<void>;
  /** Resolves when the service has closed the connection. */
  readonly closed: Promise<unknown>;
}

function openHttp2(): Client {
  const session: ClientHttp2Session = connect(`http://127.0.0.1:${address.port}`);
  session.on("error", () => {});
  return {
    async ask(path) {
      const stream = session.request({ ":path": path }).resume();
      await once(stream, "close");
    },
    closed: new Promise((resolve) => session.once("close", resolve)),
  };
}

function openHttp1(): Client {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const { promise: closed, resolve } = Promise.withResolvers<void>();
  return {
    async ask(path) {
      const asked = request({ agent, port: address.port, path });
      asked.once("socket", (socket) => socket.once("close", () => resolve()));
      asked.end();
      const [response] = await once(asked, "response");
      await once(response.resume(), "end");
    },
    closed,
  };
}

describe.each([
  { version: "HTTP/2", open: openHttp2 },
  { version: "HTTP/1.1", open: openHttp1 },
])("connections of $version", ({ open }) => {
  describe("of which two may have no valid call", () => {
    beforeEach(() => serve({ maxConnections: 2, maxAgeMs: 60_000, idleMs: 60_000 }));

    test("the oldest one is closed, and those with a valid call stay", async () => {
      const valid = open();
      await valid.ask("/valid");
      const others = [open(), open(), open()];
      for (const client of others) await client.ask("/other");
      await others[0]?.closed;
      for (const client of [valid, ...others.slice(1)]) await client.ask("/other");
    });
  });

  describe("without a valid call for too long", () => {
    beforeEach(() => serve({ maxConnections: 10, maxAgeMs: 1_000, idleMs: 60_000 }));

    test("are closed", async () => {
      const client = open();
      await client.ask("/other");
      await client.closed;
      expect(await listener.drain()).toBeUndefined();
    });
  });
});

describe("an idle connection of HTTP/2", () => {
  beforeEach(() => serve({ maxConnections: 10, maxAgeMs: 60_000, idleMs: 1_500 }));

  test("is closed early only before its first valid call", async () => {
    const [valid, other] = [openHttp2(), openHttp2()];
    await valid.ask("/valid");
    await other.ask("/other");
    await other.closed;
    await valid.ask("/other");
  });
});
