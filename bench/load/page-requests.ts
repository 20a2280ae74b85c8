import { create, toBinary } from "@bufbuild/protobuf";
import { ListContactsRequestSchema } from "../../src/gen/contact/v1/contact_service_pb.ts";
import { contactsEach, draw, owners, userId } from "./lists.ts";
import type { Format, Request, Requests, RequestsOptions } from "./requests.ts";
import { createFieldReader } from "./wire.ts";

interface Position {
  readonly ownerId: string;
  readonly pageToken: string;
  /** Number of contacts on the earlier pages. */
  readonly before: number;
}

/** Creates requests that read the lists of random owners, from the first page to the last. */
export function createPageRequests({ format, contacts }: RequestsOptions): Requests {
  /** The next pages of the lists that are being read. */
  const following: Position[] = [];

  function requestOf(position: Position): Request {
    const body = encode(format, contacts, position);
    const before = position.before + contacts;
    const hasMore = before < contactsEach;

    function checkPage(length: unknown, pageToken: unknown): string | undefined {
      if (length !== contacts) return `${length} entries instead of ${contacts}`;
      if (typeof pageToken !== "string") return "no page token";
      if ((pageToken !== "") !== hasMore)
        return `page token '${pageToken}' after ${before} contacts`;
      if (hasMore) following.push({ ownerId: position.ownerId, pageToken, before });
      return undefined;
    }

    return {
      length: body.length,
      write: (target, offset) => target.set(body, offset),
      checkData: (data) =>
        checkPage((data?.contacts as unknown[] | undefined)?.length, data?.nextPageToken),
      checkMessage(bytes, start, end) {
        const fields = createFieldReader(bytes, start, end);
        let length = 0;
        let pageToken = "";
        for (let tag = fields.tag(); tag !== undefined; tag = fields.tag()) {
          const [from, to] = fields.bytes();
          if (tag === 0x0a) length += 1;
          else if (tag === 0x12) pageToken = bytes.toString("latin1", from, to);
          else return `unexpected field tag ${tag} in the answer`;
        }
        return checkPage(length, pageToken);
      },
    };
  }

  return {
    next: () =>
      requestOf(
        following.pop() ?? { ownerId: userId(draw([0, owners])), pageToken: "", before: 0 },
      ),
  };
}

function encode(format: Format, pageSize: number, { ownerId, pageToken }: Position): Uint8Array {
  return format === "json"
    ? Buffer.from(JSON.stringify({ ownerXCUserID: ownerId, pageSize, pageToken }))
    : toBinary(
        ListContactsRequestSchema,
        create(ListContactsRequestSchema, { ownerXcUserId: ownerId, pageSize, pageToken }),
      );
}
