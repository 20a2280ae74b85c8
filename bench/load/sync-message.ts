import { create, toBinary } from "@bufbuild/protobuf";
import { SyncContactsRequestSchema } from "../../src/gen/contact/v1/contact_service_pb.ts";
import type { Format } from "./requests.ts";
import { createFieldReader } from "./wire.ts";

export interface Entry {
  readonly ownerId: string;
  readonly contactId: string;
  readonly isDeleted: boolean;
}

/** The body of a sync. */
export function encodeSync(format: Format, entries: readonly Entry[]): Buffer {
  if (format === "json") {
    const contacts = entries.map(({ ownerId, contactId, isDeleted }) => ({
      ownerXCUserID: ownerId,
      contactXCUserID: contactId,
      ...(isDeleted ? { isDeleted } : {}),
    }));
    return Buffer.from(JSON.stringify({ contacts }));
  }
  const contacts = entries.map(({ ownerId, contactId, isDeleted }) => ({
    ownerXcUserId: ownerId,
    contactXcUserId: contactId,
    isDeleted,
  }));
  const message = create(SyncContactsRequestSchema, { contacts });
  return Buffer.from(toBinary(SyncContactsRequestSchema, message));
}

/**
 * Reads a message whose fields are counts, such as the response to a sync or to a replacement.
 *
 * @returns the count of each field number (0 if absent), or an error text if there are other fields
 */
export function readCounts(bytes: Buffer, start: number, end: number): number[] | string {
  const counts = [0, 0, 0, 0];
  const fields = createFieldReader(bytes, start, end);
  for (let tag = fields.tag(); tag !== undefined; tag = fields.tag()) {
    const isCount = tag % 8 === 0 && tag >> 3 >= 1 && tag >> 3 < counts.length;
    if (!isCount) return `unexpected field tag ${tag} in the answer`;
    counts[tag >> 3] = fields.varint();
  }
  return counts;
}
