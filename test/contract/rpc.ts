import type { DescMessage } from "@bufbuild/protobuf";
import { getOption } from "@bufbuild/protobuf";
import { expect } from "vitest";
import type { GrpcCode } from "../../src/errors.ts";
import { errors } from "../../src/errors.ts";
import type { SyncContactsRequest } from "../../src/gen/contact/v1/contact_service_pb.ts";
import { SyncContactsRequestSchema } from "../../src/gen/contact/v1/contact_service_pb.ts";
import { field_code } from "../../src/gen/contact/v1/options_pb.ts";
import type { RpcAnswer, RpcClient, RpcFailure } from "../support/clients.ts";
import type { ContractCase, EnvelopeError } from "./case.ts";
import { expand, keyHeaderOf } from "./case.ts";
import { sendHttp1 } from "./http.ts";
import { asMessage } from "./message.ts";
import { createModel } from "./model.ts";
import type { RestRun } from "./rest.ts";
import { runOverRest } from "./rest.ts";

/** The gRPC status that the contract defines for each REST code. */
const grpcCodes: Readonly<Record<string, GrpcCode>> = {
  "40001": "UNAUTHENTICATED",
  "49102": "UNAUTHENTICATED",
  "49103": "UNAUTHENTICATED",
  "49106": "UNAUTHENTICATED",
  "40002": "INVALID_ARGUMENT",
  "40900": "FAILED_PRECONDITION",
};

/** Sends a case over REST and over RPC, each in a new app. Both must have the same result. */
export async function runOverRpc(
  testCase: ContractCase,
  { client, service, stored }: Omit<RestRun, "send"> & { readonly client: RpcClient },
): Promise<void> {
  const message = messageOf(testCase);
  const overRest = await runOverRest(testCase, { service, stored, send: sendHttp1 });
  const envelope = JSON.parse(overRest.text);

  const app = await service.createApp();
  const model = createModel();
  for (const earlier of testCase.before ?? []) {
    const body = expand(earlier);
    const first: ContractCase = { name: "before", body, expect: { http: 200 } };
    const answer = await client.sync(messageOf(first), { "server-key": app.header });
    expect(countsOf(answer)).toEqual(model.sync(body));
  }
  const key = keyHeaderOf(testCase, app);
  const answer = await client.sync(message, key === undefined ? {} : { "server-key": key });
  if (envelope.status === 200) {
    expect(countsOf(answer)).toEqual(envelope.data);
    model.sync({ contacts: message.contacts.map(spelledAsJson) });
  } else {
    expectSameFault(answer.failure, envelope.error);
  }
  expect(await stored.pairsOf(app.id)).toEqual(model.pairs());
}

function messageOf(testCase: ContractCase): SyncContactsRequest {
  const message = asMessage(testCase);
  if (message === undefined) throw new Error(`no message can express the case: ${testCase.name}`);
  return message;
}

/** Checks that the call fails with the same fault as REST for the same input. */
export function expectSameFault(
  failure: RpcFailure | undefined,
  rest: EnvelopeError,
  request: DescMessage = SyncContactsRequestSchema,
): void {
  const path = pathOf(rest, request);
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

/** The path of the field with proto names, computed from the field's number and the index of the entry. */
function pathOf({ field, message }: EnvelopeError, request: DescMessage): string | undefined {
  if (field === "") return undefined;
  const [, list, index] = / \((\w+)\[(\d+)\]\)$/.exec(message) ?? [];
  const own = fieldOf(request, field);
  if (own !== undefined) return list === undefined ? own : `${own}[${index}]`;
  const outer = request.fields.find(({ jsonName }) => jsonName === list);
  if (outer?.message === undefined)
    throw new Error(`the message names no entry of a list: ${message}`);
  return `${outer.name}[${index}].${fieldOf(outer.message, field)}`;
}

function fieldOf({ fields }: DescMessage, code: string): string | undefined {
  return fields.find((field) => String(getOption(field, field_code)) === code)?.name;
}

/** The reason whose row has this code and a message template that matches the message. */
function reasonOf({ code, message }: EnvelopeError): string | undefined {
  const found = Object.entries(errors).filter(
    ([, row]) => row.rest === code && patternOf(row.message).test(message),
  );
  expect(found).toHaveLength(1);
  return found[0]?.[0];
}

function patternOf(template: string): RegExp {
  const escaped = template.replace(/[()[\].]/g, "\\$&");
  const pattern = escaped.replace("{type}", "(an? \\w+|true or false)").replace(/\{\w+\}/g, ".+");
  return new RegExp(`^${pattern}( \\(\\w+\\[\\d+\\]\\))?$`);
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
