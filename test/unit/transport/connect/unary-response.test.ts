import { once } from "node:events";
import type { IncomingHttpHeaders } from "node:http";
import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { create, toBinary, toJsonString } from "@bufbuild/protobuf";
import { createConnectRouter } from "@connectrpc/connect";
import { createAsyncIterable } from "@connectrpc/connect/protocol";
import { compressionGzip } from "@connectrpc/connect-node";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  ContactService,
  ListContactsRequestSchema,
  ListContactsResponseSchema,
} from "../../../../src/gen/contact/v1/contact_service_pb.ts";
import { compileResponse } from "../../../../src/transport/connect/unary-response.ts";

const method = ContactService.method.listContacts;
const sendResponse = compileResponse(method.output);

function pageOf(entries: number) {
  return create(ListContactsResponseSchema, {
    contacts: Array.from({ length: entries }, (_, n) => ({
      contactXcUserId: `user \u00e9 ${n}`,
      createdTime: { seconds: 1_767_323_045n, nanos: n * 1_000 },
    })),
    nextPageToken: "next",
  });
}

let message = pageOf(0);
const server = createServer((req, res) => void sendResponse(message, req.resume(), res));
beforeAll(() => once(server.listen(0), "listening"));
afterAll(() => void server.close());

async function askKith(headers: Record<string, string>) {
  const { port } = server.address() as AddressInfo;
  const asked = request({ port, method: "POST", headers }).end();
  const [response] = await once(asked, "response");
  return {
    status: response.statusCode,
    header: wanted(response.headers),
    body: Buffer.concat(await response.toArray()),
  };
}

async function askLibrary(headers: Record<string, string>) {
  const router = createConnectRouter({ acceptCompression: [compressionGzip] });
  router.rpc(method, () => message);
  const [handler] = router.handlers;
  const type = headers["content-type"];
  const asked = create(ListContactsRequestSchema);
  const bytes =
    type === "application/proto"
      ? toBinary(ListContactsRequestSchema, asked)
      : Buffer.from(toJsonString(ListContactsRequestSchema, asked));
  const response = await handler?.({
    httpVersion: "1.1",
    method: "POST",
    url: "http://localhost/",
    header: new Headers(headers),
    body: createAsyncIterable([bytes]),
    signal: new AbortController().signal,
  });
  const chunks: Uint8Array[] = [];
  for await (const chunk of response?.body ?? []) chunks.push(chunk);
  return {
    status: response?.status,
    header: wanted(Object.fromEntries(response?.header ?? [])),
    body: Buffer.concat(chunks),
  };
}

/** The headers that belong to the protocol. */
function wanted(headers: IncomingHttpHeaders) {
  const names = ["content-type", "content-length", "content-encoding"];
  return Object.fromEntries(names.map((name) => [name, headers[name]]));
}

describe.each(["application/proto", "application/json"])("a response in %s", (type) => {
  test.each([
    { entries: 0, encodings: undefined },
    { entries: 300, encodings: undefined },
    { entries: 0, encodings: "gzip" },
    { entries: 300, encodings: "gzip" },
    { entries: 300, encodings: "br, gzip , deflate" },
    { entries: 300, encodings: "br" },
  ])(
    "of $entries entries for a client that accepts $encodings is that of the library",
    async ({ entries, encodings }) => {
      message = pageOf(entries);
      const headers = {
        "content-type": type,
        ...(encodings !== undefined && { "accept-encoding": encodings }),
      };
      expect(await askKith(headers)).toEqual(await askLibrary(headers));
    },
  );
});
