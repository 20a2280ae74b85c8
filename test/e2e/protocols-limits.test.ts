import type { DescMethodUnary } from "@bufbuild/protobuf";
import { create, toBinary, toJsonString } from "@bufbuild/protobuf";
import { describe, expect, onTestFinished, test } from "vitest";
import type { SyncContactsRequest } from "../../src/gen/contact/v1/contact_service_pb.ts";
import {
  ContactService,
  SyncContactsRequestSchema,
} from "../../src/gen/contact/v1/contact_service_pb.ts";
import { serveContract } from "../contract/for-file.ts";
import type { CreateRpcClient, RpcClientOptions } from "../support/clients.ts";
import { rpcClients } from "../support/clients.ts";

const limit = 4_096;
const served = serveContract({ MAX_BODY_BYTES: String(limit) });

function open(createClient: CreateRpcClient, options?: RpcClientOptions) {
  const client = createClient(served.service.url, options);
  onTestFinished(() => client.close());
  return client;
}

const binarySize = (message: SyncContactsRequest) =>
  toBinary(SyncContactsRequestSchema, message).length;
const jsonSize = (message: SyncContactsRequest) =>
  toJsonString(SyncContactsRequestSchema, message).length;

/** A valid message that is encoded in exactly this number of bytes. */
function messageOf(size: number, sizeOf: (message: SyncContactsRequest) => number) {
  const withIds = (ids: readonly string[]) => {
    const contacts = ids.map((contactXcUserId) => ({ ownerXcUserId: "o", contactXcUserId }));
    return create(SyncContactsRequestSchema, { contacts });
  };
  const id = "x".repeat(20);
  const perEntry = sizeOf(withIds([id, id])) - sizeOf(withIds([id]));
  const ids = Array.from({ length: Math.floor(size / perEntry) - 3 }, (_, i) =>
    String(i).padStart(id.length, "c"),
  );
  // One more byte of an id is one more byte of the message.
  let missing = size - sizeOf(withIds(ids));
  for (let i = 0; missing > 0; i++) {
    const more = Math.min(missing, 30);
    ids[i] += "x".repeat(more);
    missing -= more;
  }
  const message = withIds(ids);
  expect(sizeOf(message)).toBe(size);
  return message;
}

const tooLarge = {
  code: "RESOURCE_EXHAUSTED",
  message: "Request body cannot be larger than 4,096 bytes",
  details: {
    "google.rpc.ErrorInfo": {
      reason: "BODY_TOO_LARGE",
      domain: "kith",
      metadata: { code: "41300", field: "" },
    },
  },
};

describe.each(Object.entries(rpcClients))("%s", (name, createClient) => {
  const sizeOf = name.endsWith("in JSON") ? jsonSize : binarySize;

  test.each([{ compress: false }, { compress: true }])(
    "takes a message at the size limit, compressed: $compress",
    async (options) => {
      const { header } = await served.service.createApp();
      const message = messageOf(limit, sizeOf);
      const answer = await open(createClient, options).sync(message, { "server-key": header });
      expect(answer.failure).toBeUndefined();
      expect(answer.response?.countInserted).toBe(BigInt(message.contacts.length));
    },
  );

  test.each([
    { size: limit + 1, compress: false },
    { size: limit + 1, compress: true },
    { size: 500_000, compress: false },
    { size: 500_000, compress: true },
  ])("rejects a message of $size bytes, compressed: $compress", async ({ size, compress }) => {
    const app = await served.service.createApp();
    const client = open(createClient, { compress });
    const answer = await client.sync(messageOf(size, sizeOf), { "server-key": app.header });
    expect(answer.failure).toEqual(tooLarge);
    expect(await served.stored.pairsOf(app.id)).toEqual([]);
  });

  test("serves the next message after a rejected one on the same connection", async () => {
    const { header } = await served.service.createApp();
    const client = open(createClient);
    for (let round = 0; round < 3; round++) {
      const refused = await client.sync(messageOf(200_000, sizeOf), { "server-key": header });
      expect(refused.failure?.code).toBe("RESOURCE_EXHAUSTED");
      const good = await client.sync(messageOf(1_000, sizeOf), { "server-key": header });
      expect(good.failure).toBeUndefined();
    }
  });

  test("checks the key before the size", async () => {
    const answer = await open(createClient).sync(messageOf(500_000, sizeOf));
    expect(answer.failure).toMatchObject({
      code: "UNAUTHENTICATED",
      message: "Request headers are required (Server-Key)",
    });
  });

  test.each([
    { name: "an unknown method", change: { name: "Nothing" } },
    { name: "a method in lower case", change: { name: "syncContacts" } },
    {
      name: "an unknown service",
      change: { parent: { ...ContactService, typeName: "contact.v1.Nothing" } },
    },
  ])("answers $name UNIMPLEMENTED", async ({ change }) => {
    const { header } = await served.service.createApp();
    const method: DescMethodUnary = { ...ContactService.method.syncContacts, ...change };
    const message = create(SyncContactsRequestSchema);
    const answer = await open(createClient).call(method, message, { "server-key": header });
    expect(answer.failure?.code).toBe("UNIMPLEMENTED");
  });
});
