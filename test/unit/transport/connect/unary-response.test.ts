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
import { frameGrpcMessage } from "../../../../src/transport/grpc-message.ts";

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
    trailers: { ...response.trailers },
  };
}

async function askLibrary(headers: Record<string, string> & { "content-type": string }) {
  const router = createConnectRouter({ acceptCompression: [compressionGzip] });
  router.rpc(method, () => message);
  const [handler] = router.handlers;
  const type = headers["content-type"];
  const asked = create(ListContactsRequestSchema);
  const bytes = type.endsWith("json")
    ? Buffer.from(toJsonString(ListContactsRequestSchema, asked))
    : Buffer.from(toBinary(ListContactsRequestSchema, asked));
  const response = await handler?.({
    httpVersion: "1.1",
    method: "POST",
    url: "http://localhost/",
    header: new Headers(headers),
    body: createAsyncIterable([isFramed(type) ? frameGrpcMessage(bytes) : bytes]),
    signal: new AbortController().signal,
  });
  const chunks: Uint8Array[] = [];
  for await (const chunk of response?.body ?? []) chunks.push(chunk);
  return {
    status: response?.status,
    header: wanted(Object.fromEntries(response?.header ?? [])),
    body: Buffer.concat(chunks),
    trailers: Object.fromEntries(response?.trailer ?? []),
  };
}

function isFramed(type: string): boolean {
  return type.startsWith("application/grpc");
}

/** The headers that belong to the protocol. The length of a framed message is not one of them. */
function wanted(headers: IncomingHttpHeaders) {
  const names = isFramed(headers["content-type"] ?? "")
    ? ["content-type", "grpc-encoding"]
    : ["content-type", "content-length", "content-encoding"];
  return Object.fromEntries(names.map((name) => [name, headers[name]]));
}

const types = [
  ...["application/proto", "application/json"],
  ...["application/grpc-web", "application/grpc-web+proto", "application/grpc-web+json"],
  ...["application/grpc", "application/grpc+proto", "application/grpc+json"],
];

describe.each(types)("a response in %s", (type) => {
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
        ...(encodings !== undefined && {
          [isFramed(type) ? "grpc-accept-encoding" : "accept-encoding"]: encodings,
        }),
      };
      expect(await askKith(headers)).toEqual(await askLibrary(headers));
    },
  );
});
