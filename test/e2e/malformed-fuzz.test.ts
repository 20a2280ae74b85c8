import * as fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import { exchangeHttp1, openRaw, parseHttp1 } from "../support/raw.ts";
import { encodeSync, expectToServe, restPath, rpcPath } from "./support/calls.ts";
import { exchangeHttp2, grpcFrame, grpcStatusOf, openHttp2 } from "./support/http2.ts";
import { serveForFile } from "./support/served.ts";

const served = serveForFile({ MAX_BODY_BYTES: "65536" });
afterAll(() => expectToServe(served));

/** The same seed on every run, so that the requests are the same. */
const runs = { numRuns: 250, seed: 20_260, endOnFailure: true };

interface Mutation {
  readonly kind: "replace" | "insert" | "remove" | "repeat" | "cut";
  /** Where, as a share of the length. */
  readonly at: number;
  readonly bytes: Uint8Array;
}

const mutations = fc.array(
  fc.record<Mutation>({
    kind: fc.constantFrom("replace", "insert", "remove", "repeat", "cut"),
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    bytes: fc.uint8Array({ minLength: 1, maxLength: 12 }),
  }),
  { minLength: 1, maxLength: 4 },
);

function mutate(original: Buffer, steps: readonly Mutation[]): Buffer {
  let bytes = original;
  for (const step of steps) bytes = mutateOnce(bytes, step);
  return bytes;
}

function mutateOnce(bytes: Buffer, { kind, at, bytes: given }: Mutation): Buffer {
  const start = Math.floor(at * bytes.length);
  const before = bytes.subarray(0, start);
  const after = bytes.subarray(start);
  const rest = after.subarray(given.length);
  switch (kind) {
    case "replace":
      return Buffer.concat([before, given, rest]);
    case "insert":
      return Buffer.concat([before, given, after]);
    case "remove":
      return Buffer.concat([before, rest]);
    case "repeat":
      return Buffer.concat([before, after.subarray(0, given.length), after]);
    case "cut":
      return before;
  }
}

function restRequest(): Buffer {
  const contacts = [
    { ownerXCUserID: "alice", contactXCUserID: "bob" },
    { ownerXCUserID: "алиса", contactXCUserID: "боб", isDeleted: "true" },
  ];
  const body = Buffer.from(JSON.stringify({ contacts }));
  const head = [
    `POST ${restPath} HTTP/1.1`,
    "Host: 127.0.0.1",
    `Server-Key: ${served.header}`,
    "Content-Type: application/json; charset=utf-8",
    `Content-Length: ${body.length}`,
    "X-Request-Id: fuzz",
  ];
  return Buffer.concat([Buffer.from(`${head.join("\r\n")}\r\n\r\n`), body]);
}

/**
 * The answers to the bytes. A service that waits for more does not answer, so the connection ends once a
 * later request on another connection has its answer.
 */
async function restStatuses(bytes: Buffer): Promise<number[]> {
  using connection = await openRaw(served.port);
  connection.send(bytes);
  const answered = connection.until((so) => parseHttp1(so, false).length > 0);
  await Promise.race([answered, exchangeHttp1(served.port, restRequest())]);
  connection.end();
  const received = await connection.until(() => false);
  return parseHttp1(received.bytes, true).map(({ status }) => status);
}

test("the REST request before its mutation is valid", async () => {
  const { answers } = await exchangeHttp1(served.port, restRequest());
  expect(answers.map(({ status }) => status)).toEqual([200]);
});

test("mutated REST requests get a response or end the connection, without an INTERNAL error", async () => {
  await fc.assert(
    fc.asyncProperty(mutations, async (steps) => {
      const statuses = await restStatuses(mutate(restRequest(), steps));
      // An unknown method or transfer coding is 501, and another version of HTTP is 505.
      const faultsOfService = statuses.filter((status) => status >= 500);
      for (const status of faultsOfService) expect([501, 505]).toContain(status);
    }),
    runs,
  );
});

test("mutated gRPC messages get a response, without an INTERNAL error", async () => {
  using session = openHttp2(served.port);
  const message = encodeSync(["alice", "bob"], ["алиса", "боб"]);
  await fc.assert(
    fc.asyncProperty(mutations, fc.boolean(), async (steps, keepsFrame) => {
      const body = keepsFrame
        ? grpcFrame(mutate(message, steps))
        : mutate(grpcFrame(message), steps);
      const headers = {
        ":path": rpcPath,
        "content-type": "application/grpc",
        te: "trailers",
        "server-key": served.header,
      };
      const answer = await exchangeHttp2(session, { headers, body });
      // OK, INVALID_ARGUMENT, RESOURCE_EXHAUSTED, UNIMPLEMENTED
      expect([0, 3, 8, 12]).toContain(grpcStatusOf(answer));
    }),
    runs,
  );
});

test("mutated headers of gRPC requests get a response, without an INTERNAL error", async () => {
  const printable = fc.string({ unit: "grapheme-ascii", maxLength: 20 });
  const name = fc.constantFrom(
    "content-type",
    "grpc-timeout",
    "grpc-encoding",
    "grpc-accept-encoding",
    "server-key",
    "x-request-id",
    "content-encoding",
    "user-agent",
  );
  await fc.assert(
    fc.asyncProperty(fc.dictionary(name, printable, { minKeys: 1 }), async (odd) => {
      using session = openHttp2(served.port);
      const headers = {
        ":path": rpcPath,
        "content-type": "application/grpc",
        "server-key": served.header,
        ...odd,
      };
      const answer = await exchangeHttp2(session, {
        headers,
        body: grpcFrame(encodeSync(["a", "b"])),
      });
      expect(answer.status ?? 400).toBeLessThan(500);
      // UNKNOWN, INTERNAL
      expect([2, 13]).not.toContain(grpcStatusOf(answer));
    }),
    { ...runs, numRuns: 100 },
  );
});
