import { expect } from "vitest";
import type { GrpcCode } from "../../src/errors.ts";
import { errors } from "../../src/errors.ts";
import type { SyncContactsRequest } from "../../src/gen/contact/v1/contact_service_pb.ts";
import type { RpcAnswer, RpcClient, RpcFailure } from "../support/clients.ts";
import type { ContractCase, EnvelopeError } from "./case.ts";
import { expand, keyHeaderOf } from "./case.ts";
import { sendHttp1 } from "./http.ts";
import { asMessage } from "./message.ts";
import { createModel } from "./model.ts";
import type { RestRun } from "./rest.ts";
import { runOverRest } from "./rest.ts";

/** What the contract says of gRPC, by the code that REST has for the fault. */
const grpcCodes: Readonly<Record<string, GrpcCode>> = {
  "40001": "UNAUTHENTICATED",
  "49102": "UNAUTHENTICATED",
  "49103": "UNAUTHENTICATED",
  "49106": "UNAUTHENTICATED",
  "40002": "INVALID_ARGUMENT",
};

/** Names of the documented fields in the proto, below the entry that has them. */
const entryFields: Readonly<Record<string, string>> = {
  "102": ".owner_xc_user_id",
  "103": ".contact_xc_user_id",
  "104": ".is_deleted",
};

/** Sends a case over REST and over RPC, each on an app of its own: both must mean the same. */
export async function runOverRpc(
  given: ContractCase,
  message: SyncContactsRequest,
  { client, service, stored }: Omit<RestRun, "send"> & { readonly client: RpcClient },
): Promise<void> {
  const overRest = await runOverRest(given, { service, stored, send: sendHttp1 });
  const envelope = JSON.parse(overRest.text);

  const app = await service.createApp();
  const model = createModel();
  for (const earlier of given.before ?? []) {
    const body = expand(earlier);
    const first = asMessage({ name: "before", body, expect: { http: 200 } });
    if (first === undefined) throw new Error("what is synced first must be good");
    const answer = await client.sync(first, { "server-key": app.header });
    expect(countsOf(answer)).toEqual(model.sync(body));
  }
  const key = keyHeaderOf(given, app);
  const answer = await client.sync(message, key === undefined ? {} : { "server-key": key });
  if (envelope.status === 200) {
    expect(countsOf(answer)).toEqual(envelope.data);
    model.sync({ contacts: message.contacts.map(spelledAsJson) });
  } else {
    expectSameFault(answer.failure, envelope.error);
  }
  expect(await stored.pairsOf(app.id)).toEqual(model.pairs());
}

/** The fault of a call must be the one that REST told of the same input. */
export function expectSameFault(failure: RpcFailure | undefined, rest: EnvelopeError): void {
  const path = pathOf(rest);
  const { code, message, field } = rest;
  expect(failure).toEqual({
    code: grpcCodes[code],
    message,
    details: {
      ...(path !== undefined && {
        "google.rpc.BadRequest": {
          fieldViolations: [expect.objectContaining({ field: path, description: message })],
        },
      }),
      "google.rpc.ErrorInfo": {
        reason: reasonOf(rest),
        domain: "kith",
        metadata: { code, field },
      },
    },
  });
}

/** The path of the field in the names of the proto, from the field's number and the entry's index. */
function pathOf({ field, message }: EnvelopeError): string | undefined {
  if (field === "") return undefined;
  const entry = / \((contacts\[\d+\])\)$/.exec(message)?.[1];
  if (field === "101") return entry ?? "contacts";
  return `${entry}${entryFields[field]}`;
}

/** The row of the table that has this code and, its places filled in, this message. */
function reasonOf({ code, message }: EnvelopeError): string | undefined {
  const found = Object.entries(errors).filter(
    ([, row]) => row.rest === code && patternOf(row.message).test(message),
  );
  expect(found).toHaveLength(1);
  return found[0]?.[0];
}

function patternOf(template: string): RegExp {
  const parts = template.split(/\{\w+\}/).map((part) => part.replace(/[()[\].]/g, "\\$&"));
  return new RegExp(`^${parts.join(".+")}( \\(contacts\\[\\d+\\]\\))?$`);
}

function countsOf({
  response,
  failure,
}: RpcAnswer<{ countInserted: bigint; countDeleted: bigint }>) {
  if (failure !== undefined) return failure;
  const { countInserted, countDeleted } = response;
  return { countInserted: Number(countInserted), countDeleted: Number(countDeleted) };
}

function spelledAsJson(entry: SyncContactsRequest["contacts"][number]) {
  const { ownerXcUserId, contactXcUserId, isDeleted } = entry;
  return { ownerXCUserID: ownerXcUserId, contactXCUserID: contactXcUserId, isDeleted };
}
