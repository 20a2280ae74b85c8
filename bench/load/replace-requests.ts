import { create, toBinary } from "@bufbuild/protobuf";
import { ReplaceContactsRequestSchema } from "../../src/gen/contact/v1/contact_service_pb.ts";
import { drawFrom } from "./lists.ts";
import type { Format, Requests, RequestsOptions } from "./requests.ts";
import { readCounts } from "./sync-message.ts";

const ownerId = "owner";

/** Replacements of one list. Each leaves out a random half of twice as many contacts. */
export function createReplaceRequests({ format, contacts }: RequestsOptions): Requests {
  const users = Array.from({ length: 2 * contacts }, (_, n) => `contact-${n}`);

  function checkCounts(inserted: unknown, deleted: unknown, unchanged: unknown) {
    const isRight = Number(inserted) + Number(unchanged) === contacts && Number(deleted) >= 0;
    return isRight ? undefined : `counts are ${inserted}, ${deleted} and ${unchanged}`;
  }

  return {
    next() {
      const body = encode(format, drawFrom(users, contacts));
      return {
        length: body.length,
        write: (target, offset) => target.set(body, offset),
        checkData: (data) =>
          checkCounts(data?.countInserted, data?.countDeleted, data?.countUnchanged),
        checkMessage(bytes, start, end) {
          const counts = readCounts(bytes, start, end);
          return typeof counts === "string" ? counts : checkCounts(counts[1], counts[2], counts[3]);
        },
      };
    },
  };
}

function encode(format: Format, contactIds: string[]): Uint8Array {
  return format === "json"
    ? Buffer.from(JSON.stringify({ ownerXCUserID: ownerId, contactXCUserIDs: contactIds }))
    : toBinary(
        ReplaceContactsRequestSchema,
        create(ReplaceContactsRequestSchema, {
          ownerXcUserId: ownerId,
          contactXcUserIds: contactIds,
        }),
      );
}
