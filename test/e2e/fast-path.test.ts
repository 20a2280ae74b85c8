import { randomBytes } from "node:crypto";
import type { ClientHttp2Session, IncomingHttpHeaders, OutgoingHttpHeaders } from "node:http2";
import { connect } from "node:http2";
import type { DescMethod, JsonValue } from "@bufbuild/protobuf";
import { create, fromJson, toBinary } from "@bufbuild/protobuf";
import * as fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  ContactService,
  SyncContactsRequestSchema,
} from "../../src/gen/contact/v1/contact_service_pb.ts";
import type { TestApp, TestService } from "../support/service.ts";
import { startService } from "../support/service.ts";

// The fast path serves the content type in lower case only; Connect serves it in any case.
const contentTypes = { fast: "application/grpc", connect: "Application/GRPC" };

let service: TestService;
let session: ClientHttp2Session;
let app: TestApp;
beforeAll(async () => {
  service = await startService({ MAX_BODY_BYTES: "4096", MAX_CONTACTS_PER_REQUEST: "5" });
  app = await service.createApp();
  session = connect(service.url);
  // The streams report errors. Without this listener an error would end the worker.
  session.on("error", () => {});
});
afterAll(async () => {
  session.close();
  await service.stop();
});

interface Answer {
  readonly headers: IncomingHttpHeaders | undefined;
  readonly data: string;
  readonly trailers: IncomingHttpHeaders | undefined;
  readonly resetCode: number | undefined;
}

function call(
  contentType: string,
  headers: OutgoingHttpHeaders,
  body: Buffer,
  method = "SyncContacts",
): Promise<Answer> {
  return new Promise((resolve) => {
    const stream = session.request({
      ":method": "POST",
      ":path": `/contact.v1.ContactService/${method}`,
      te: "trailers",
      "content-type": contentType,
      ...headers,
    });
    const chunks: Buffer[] = [];
    let response: IncomingHttpHeaders | undefined;
    let trailers: IncomingHttpHeaders | undefined;
    stream.on("response", (given) => {
      response = given;
    });
    stream.on("trailers", (given) => {
      trailers = given;
    });
    stream.on("data", (chunk: Buffer) => chunks.push(chunk));
    stream.on("error", () => {});
    stream.on("close", () =>
      resolve({
        headers: withoutVarying(response),
        data: Buffer.concat(chunks).toString("hex"),
        trailers: withoutVarying(trailers),
        resetCode: stream.rstCode,
      }),
    );
    if (body.length === 0) stream.end();
    else stream.end(body);
  });
}

/** Connect offers to compress responses. The fast path never does. */
function withoutVarying(headers: IncomingHttpHeaders | undefined): IncomingHttpHeaders | undefined {
  if (headers === undefined) return undefined;
  const { date: _, "x-request-id": __, "grpc-encoding": ___, ...rest } = headers;
  return { ...rest };
}

function frame(message: Uint8Array, flags = 0, length = message.length): Buffer {
  const prefix = Buffer.alloc(5);
  prefix[0] = flags;
  prefix.writeUInt32BE(length, 1);
  return Buffer.concat([prefix, message]);
}

const anyId = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom("1", "2", "alice", "é".repeat(50)) },
  { weight: 1, arbitrary: fc.constantFrom("", "x".repeat(51), "𝒳".repeat(51), "a\0b") },
);

const anyMessage = fc
  .array(fc.record({ ownerXcUserId: anyId, contactXcUserId: anyId, isDeleted: fc.boolean() }), {
    maxLength: 7,
  })
  .map((contacts) => {
    const message = create(SyncContactsRequestSchema, { contacts });
    return Buffer.from(toBinary(SyncContactsRequestSchema, message));
  });

const bytes = fc.uint8Array({ maxLength: 40 });
const anyBody = fc.oneof(
  { weight: 5, arbitrary: anyMessage.map((message) => frame(message)) },
  { weight: 1, arbitrary: bytes.map((message) => frame(message)) },
  { weight: 1, arbitrary: bytes.map((body) => Buffer.from(body)) },
  {
    weight: 2,
    arbitrary: fc
      .tuple(anyMessage, fc.integer({ min: 0, max: 3 }), fc.integer({ min: -3, max: 3 }))
      .map(([message, flags, off]) => frame(message, flags, Math.max(0, message.length + off))),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(4_092, 4_096, 4_097, 9_000).map((n) => frame(Buffer.alloc(n, 1))),
  },
  { weight: 1, arbitrary: anyMessage.map((one) => Buffer.concat([frame(one), frame(one)])) },
);

const anyHeaders = fc.record(
  {
    "grpc-timeout": fc.constantFrom("1H", "20S", "99999999H", "0n", "abc", "1", "-1S", ""),
    "grpc-encoding": fc.constantFrom("identity", "gzip", "br", "", "x"),
    "grpc-accept-encoding": fc.constantFrom("gzip", "identity,deflate,gzip", "br", ""),
    "user-agent": fc.constantFrom("grpc-node/1", ""),
    "x-custom-bin": fc.constantFrom("AAEC", "!!"),
    "x-trace": fc.constantFrom(["a", "b"], "c"),
  },
  { requiredKeys: [] },
);

const anyKey = fc.oneof(
  { weight: 8, arbitrary: fc.constant("valid") },
  { weight: 1, arbitrary: fc.constantFrom("none", "", "nonsense!", "bm9ib2R5Om5vdGhpbmc=") },
);

test("the fast path and Connect send the same responses", async () => {
  await fc.assert(
    fc.asyncProperty(anyBody, anyHeaders, anyKey, async (body, headers, key) => {
      const auth = key === "none" ? {} : { "server-key": key === "valid" ? app.header : key };
      const given = { ...headers, ...auth };
      // A first call, so that later calls find the same contacts.
      await call(contentTypes.connect, given, body);
      const connect = await call(contentTypes.connect, given, body);
      const fast = await call(contentTypes.fast, given, body);
      expect(fast).toEqual(connect);
    }),
    { numRuns: 300 },
  );
});

/** A request of each call that changes nothing when it is repeated. TypeScript asks for one for a new call. */
const requests: { readonly [M in keyof typeof ContactService.method]: JsonValue } = {
  syncContacts: { contacts: [{ ownerXCUserID: "l1", contactXCUserID: "l2" }] },
  listContacts: { ownerXCUserID: "l1" },
  listContactOwners: { contactXCUserID: "l2", pageSize: 1 },
  listMutualContacts: { ownerXCUserID: "l1", pageToken: "x" },
  checkContacts: { pairs: [{ ownerXCUserID: "l1", contactXCUserID: "l2" }] },
  countContacts: { xcUserID: "l1" },
  replaceContacts: { ownerXCUserID: "l1", contactXCUserIDs: ["l2", "l3"] },
  fingerprintContacts: { ownerXCUserID: "l1" },
  eraseUser: { xcUserID: "l4" },
};

test.each(Object.entries(requests))(
  "the fast path and Connect send the same response to %s",
  async (rpc, request) => {
    const { name, input }: DescMethod = ContactService.method[rpc as keyof typeof requests];
    const auth = { "server-key": app.header };
    const message = fromJson(input, request);
    for (const body of [frame(toBinary(input, message)), frame(new Uint8Array())]) {
      await call(contentTypes.connect, auth, body, name);
      const connect = await call(contentTypes.connect, auth, body, name);
      expect({ ...connect.headers, ...connect.trailers }).toHaveProperty("grpc-status");
      expect(await call(contentTypes.fast, auth, body, name)).toEqual(connect);
    }
  },
);

test.each(Object.entries(contentTypes))(
  "a call over the %s path inserts",
  async (_, contentType) => {
    const ownerXcUserId = randomBytes(8).toString("hex");
    const contacts = [{ ownerXcUserId, contactXcUserId: "x" }];
    const message = create(SyncContactsRequestSchema, { contacts });
    const body = frame(toBinary(SyncContactsRequestSchema, message));
    const { headers, data, trailers } = await call(contentType, { "server-key": app.header }, body);
    expect({ headers, data, trailers }).toMatchObject({
      headers: { ":status": 200, "content-type": "application/grpc+proto" },
      data: "00000000020801",
      trailers: { "grpc-status": "0" },
    });
  },
);

test.each(Object.entries(contentTypes))(
  "a failed call over the %s path is Trailers-Only",
  async (_, type) => {
    const { headers, data, trailers, resetCode } = await call(type, {}, frame(new Uint8Array()));
    expect(headers).toMatchObject({
      ":status": 200,
      "content-type": "application/grpc+proto",
      "grpc-status": "16",
      "grpc-message": "Request headers are required (Server-Key)",
    });
    expect({ data, trailers, resetCode }).toEqual({ data: "", trailers: undefined, resetCode: 0 });
  },
);
