import type { MessageInitShape } from "@bufbuild/protobuf";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import * as grpc from "@grpc/grpc-js";
import { expect } from "vitest";
import type { SyncContactsResponse } from "../../../src/gen/contact/v1/contact_service_pb.ts";
import {
  SyncContactsRequestSchema,
  SyncContactsResponseSchema,
} from "../../../src/gen/contact/v1/contact_service_pb.ts";
import { eventually } from "./eventually.ts";

export const restPath = "/v1/server/contact/sync";
export const rpcPath = "/contact.v1.ContactService/SyncContacts";

/** An entry of a sync over REST. */
export function entry(owner: string, contact: string, isDeleted = false) {
  return { ownerXCUserID: owner, contactXCUserID: contact, isDeleted };
}

/** The request message of a sync, encoded. */
export function encodeSync(...pairs: readonly (readonly [owner: string, contact: string])[]) {
  return Buffer.from(toBinary(SyncContactsRequestSchema, syncRequest(pairs)));
}

function syncRequest(pairs: readonly (readonly [string, string])[]) {
  const contacts = pairs.map(([ownerXcUserId, contactXcUserId]) => ({
    ownerXcUserId,
    contactXcUserId,
  }));
  const init: MessageInitShape<typeof SyncContactsRequestSchema> = { contacts };
  return create(SyncContactsRequestSchema, init);
}

export interface RestAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: {
    readonly status: number;
    readonly error: { readonly code: string; readonly message: string; readonly field: string };
    readonly data: { readonly countInserted?: number; readonly countDeleted?: number };
  };
}

/** A service and a key for it. */
export interface Target {
  readonly url: string;
  /** The value of the Server-Key header. */
  readonly header: string;
}

export async function syncOverRest(
  { url, header }: Target,
  contacts: unknown,
  { headers = {}, signal }: { headers?: Record<string, string>; signal?: AbortSignal } = {},
): Promise<RestAnswer> {
  const response = await fetch(url + restPath, {
    method: "POST",
    headers: { "Server-Key": header, "Content-Type": "application/json", ...headers },
    body: JSON.stringify({ contacts }),
    ...(signal === undefined ? {} : { signal }),
  });
  const body = (await response.json()) as RestAnswer["body"];
  return { status: response.status, headers: response.headers, body };
}

/** A grpc-js client with its own connection. Close it. */
export function openGrpc(url: string): grpc.Client {
  return new grpc.Client(new URL(url).host, grpc.credentials.createInsecure(), {
    "grpc.use_local_subchannel_pool": 1,
    "grpc.enable_retries": 0,
  });
}

export interface GrpcSync {
  readonly answer: Promise<SyncContactsResponse>;
  cancel(): void;
}

/** A sync in flight. Its answer rejects with the ServiceError of grpc-js. */
export function syncOverGrpc(
  client: grpc.Client,
  header: string,
  pairs: readonly (readonly [owner: string, contact: string])[],
  options: grpc.CallOptions = {},
): GrpcSync {
  const metadata = new grpc.Metadata();
  metadata.set("server-key", header);
  let cancel = () => {};
  const answer = new Promise<SyncContactsResponse>((resolve, reject) => {
    const call = client.makeUnaryRequest(
      rpcPath,
      (bytes: Buffer) => bytes,
      (bytes) => fromBinary(SyncContactsResponseSchema, bytes),
      encodeSync(...pairs),
      metadata,
      options,
      (error, message) => (message === undefined ? reject(error) : resolve(message)),
    );
    cancel = () => call.cancel();
  });
  return { answer, cancel };
}

let goodCalls = 0;

/** Checks that a service works, with a sync over REST and one over gRPC of new pairs. */
export async function expectToServe(target: Target): Promise<void> {
  expect(await tryToServe(target)).toBe("served");
}

/** Like `expectToServe`, for a service with a deadline so short that a busy machine may exceed it. */
export function expectToServeWithRetries(target: Target): Promise<void> {
  return eventually("a call within its deadline", async () => {
    return (await tryToServe(target)) === "served";
  });
}

async function tryToServe({ url, header }: Target): Promise<"served" | "deadline exceeded"> {
  goodCalls += 1;
  const owner = `good-${process.pid}-${goodCalls}`;
  const { status, body } = await syncOverRest({ url, header }, [entry(owner, "rest")]);
  if (status === 504) return "deadline exceeded";
  expect({ status, data: body.data }).toEqual({
    status: 200,
    data: { countInserted: 1, countDeleted: 0 },
  });
  const client = openGrpc(url);
  try {
    const { countInserted } = await syncOverGrpc(client, header, [[owner, "grpc"]]).answer;
    expect(countInserted).toBe(1n);
    return "served";
  } catch (error) {
    if ((error as grpc.ServiceError).code !== grpc.status.DEADLINE_EXCEEDED) throw error;
    return "deadline exceeded";
  } finally {
    client.close();
  }
}
