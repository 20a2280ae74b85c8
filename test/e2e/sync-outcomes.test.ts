import { create, toBinary } from "@bufbuild/protobuf";
import * as grpc from "@grpc/grpc-js";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { SyncContactsResponse } from "../../src/gen/contact/v1/contact_service_pb.ts";
import {
  SyncContactsRequestSchema,
  SyncContactsResponse_Outcome,
} from "../../src/gen/contact/v1/contact_service_pb.ts";
import { entry, syncPath } from "../contract/case.ts";
import { serveContract } from "../contract/for-file.ts";
import { sendHttp1, sendHttp2 } from "../contract/http.ts";
import { createGrpcJsClient } from "../support/clients.ts";
import { openGrpc, rpcPath } from "./support/calls.ts";

const served = serveContract();
const { INSERTED, EXISTED, DELETED, MISSING } = SyncContactsResponse_Outcome;

const contacts = [entry("u", "a"), entry("u", "b", true)];
const documented =
  '{"status":200,"error":{"code":"","message":"","field":""},"data":{"countInserted":1,"countDeleted":0}}';
const withOutcomes = documented.replace("}}", ',"outcomes":["INSERTED","MISSING"]}}');

describe.each([
  ["HTTP/1.1", sendHttp1],
  ["HTTP/2", sendHttp2],
])("the answer over %s, byte for byte", (_, send) => {
  test.each([
    ["absent", { contacts }, documented],
    ["false", { contacts, returnOutcomes: false }, documented],
    ['"false"', { contacts, returnOutcomes: "false" }, documented],
    ["null", { contacts, returnOutcomes: null }, documented],
    ["true", { contacts, returnOutcomes: true }, withOutcomes],
    ['"true"', { contacts, returnOutcomes: "true" }, withOutcomes],
  ])("returnOutcomes %s", async (_name, body, text) => {
    const { header } = await served.service.createApp();
    const answer = await send(served.service.port, {
      method: "POST",
      path: syncPath,
      headers: { "server-key": header, "content-type": "application/json" },
      body: Buffer.from(JSON.stringify(body)),
    });
    expect(answer.text).toBe(text);
  });
});

/** The message of the answer as it comes over gRPC. */
async function answerBytes(returnOutcomes: boolean): Promise<string> {
  const { header } = await served.service.createApp();
  const metadata = new grpc.Metadata();
  metadata.set("server-key", header);
  const message = create(SyncContactsRequestSchema, {
    contacts: [
      { ownerXcUserId: "u", contactXcUserId: "a" },
      { ownerXcUserId: "u", contactXcUserId: "b", isDeleted: true },
    ],
    returnOutcomes,
  });
  const client = openGrpc(served.service.url);
  const same = (bytes: Buffer) => bytes;
  try {
    return await new Promise((resolve, reject) => {
      const bytes = Buffer.from(toBinary(SyncContactsRequestSchema, message));
      client.makeUnaryRequest(rpcPath, same, same, bytes, metadata, (error, answer) => {
        if (answer === undefined) reject(error);
        else resolve(answer.toString("hex"));
      });
    });
  } finally {
    client.close();
  }
}

test.each([
  [false, "0801"],
  [true, "08011a020104"],
])("the answer over gRPC, byte for byte, with return_outcomes %s", async (asks, bytes) => {
  expect(await answerBytes(asks)).toBe(bytes);
});

/** Few ids, so that syncs have common pairs. */
const id = fc.constantFrom("a", "b", "c", "d", "e");
const anySync = fc.record({
  contacts: fc.array(
    fc.record({ ownerXcUserId: id, contactXcUserId: id, isDeleted: fc.boolean() }),
    { minLength: 1, maxLength: 12 },
  ),
  returnOutcomes: fc.boolean(),
});

function countOf(answer: SyncContactsResponse, outcome: SyncContactsResponse_Outcome): number {
  return answer.outcomes.filter((each) => each === outcome).length;
}

test("concurrent syncs over gRPC get their own outcomes, if they ask for them", async () => {
  const clients = Array.from({ length: 4 }, () => createGrpcJsClient(served.service.url));
  try {
    await fc.assert(
      fc.asyncProperty(fc.array(anySync, { minLength: 40, maxLength: 60 }), async (syncs) => {
        const app = await served.service.createApp();
        const answers = await Promise.all(
          syncs.map(async (sync, n) => {
            const message = create(SyncContactsRequestSchema, sync);
            const answer = await clients[n % 4]?.sync(message, { "server-key": app.header });
            expect(answer?.failure).toBeUndefined();
            return answer?.response as SyncContactsResponse;
          }),
        );
        syncs.forEach(({ contacts: entries, returnOutcomes }, n) => {
          const answer = answers[n] as SyncContactsResponse;
          if (!returnOutcomes) {
            expect(answer.outcomes).toEqual([]);
            return;
          }
          const ofKind = entries.map(({ isDeleted }) =>
            expect.toBeOneOf(isDeleted ? [DELETED, MISSING] : [INSERTED, EXISTED]),
          );
          expect(answer.outcomes).toEqual(ofKind);
          expect(countOf(answer, INSERTED)).toBe(Number(answer.countInserted));
          expect(countOf(answer, DELETED)).toBe(Number(answer.countDeleted));
        });
        const change = answers.reduce(
          (sum, { countInserted, countDeleted }) => sum + countInserted - countDeleted,
          0n,
        );
        expect(await served.stored.pairsOf(app.id)).toHaveLength(Number(change));
      }),
      { numRuns: 20, endOnFailure: true },
    );
  } finally {
    for (const client of clients) client.close();
  }
});
