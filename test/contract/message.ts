import { create } from "@bufbuild/protobuf";
import type { SyncContactsRequest } from "../../src/gen/contact/v1/contact_service_pb.ts";
import {
  ContactEntrySchema,
  SyncContactsRequestSchema,
} from "../../src/gen/contact/v1/contact_service_pb.ts";
import type { ContractCase } from "./case.ts";
import { jsonOf, syncPath } from "./case.ts";

/** The boolean that a message has for each JSON spelling of `isDeleted`. */
const flags = new Map<unknown, boolean>([
  [undefined, false],
  [null, false],
  [false, false],
  ["false", false],
  [true, true],
  ["true", true],
]);

/**
 * The request of a case as a protobuf message. Undefined if a message cannot express it, because the case is
 * about HTTP or JSON, or because a value has a type that the message does not have.
 */
export function asMessage(testCase: ContractCase): SyncContactsRequest | undefined {
  const { method = "POST", path = syncPath, headers, encode } = testCase;
  const isOrdinary = method === "POST" && path === syncPath && !headers && !encode;
  const json = jsonOf(testCase);
  if (!isOrdinary || !isObject(json)) return undefined;
  const list = json.contacts ?? [];
  if (!Array.isArray(list)) return undefined;
  const contacts = list.map(asEntry);
  if (contacts.includes(undefined)) return undefined;
  return create(SyncContactsRequestSchema, { contacts: contacts as [] });
}

function asEntry(json: unknown) {
  // Proto names exist only in JSON.
  if (!isObject(json) || Object.keys(json).some((key) => key.includes("_"))) return undefined;
  const ownerXcUserId = asText(json.ownerXCUserID);
  const contactXcUserId = asText(json.contactXCUserID);
  const isDeleted = flags.get(json.isDeleted);
  const all = [ownerXcUserId, contactXcUserId, isDeleted];
  if (all.includes(undefined)) return undefined;
  return create(ContactEntrySchema, { ownerXcUserId, contactXcUserId, isDeleted } as object);
}

/** A string that UTF-8 can encode. A missing string is empty in a message. */
function asText(json: unknown): string | undefined {
  const text = json ?? "";
  return typeof text === "string" && text.isWellFormed() ? text : undefined;
}

function isObject(json: unknown): json is Record<string, unknown> {
  return typeof json === "object" && json !== null && !Array.isArray(json);
}
