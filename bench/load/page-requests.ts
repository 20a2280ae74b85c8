import { create, toBinary } from "@bufbuild/protobuf";
import {
  ListContactOwnersRequestSchema,
  ListContactsRequestSchema,
} from "../../src/gen/contact/v1/contact_service_pb.ts";
import { contactsEach, draw, owners, userId } from "./lists.ts";
import type { Format, Request, Requests, RequestsOptions } from "./requests.ts";
import { createFieldReader } from "./wire.ts";

interface Position {
  readonly userId: string;
  readonly pageToken: string;
  /** Number of entries on the earlier pages. */
  readonly before: number;
}

/** A list that is read in pages. */
interface List {
  /** The number of users who have such a list. */
  readonly users: number;
  /** The number of its entries. */
  readonly length: number;
  /** The JSON field with the entries. */
  readonly field: "contacts" | "owners";
  toJson(position: Position, pageSize: number): object;
  toBinary(position: Position, pageSize: number): Uint8Array;
}

const contactList: List = {
  users: owners,
  length: contactsEach,
  field: "contacts",
  toJson: ({ userId, pageToken }, pageSize) => ({ ownerXCUserID: userId, pageSize, pageToken }),
  toBinary: ({ userId, pageToken }, pageSize) =>
    toBinary(
      ListContactsRequestSchema,
      create(ListContactsRequestSchema, { ownerXcUserId: userId, pageSize, pageToken }),
    ),
};

const ownerList: List = {
  users: contactsEach,
  length: owners,
  field: "owners",
  toJson: ({ userId, pageToken }, pageSize) => ({ contactXCUserID: userId, pageSize, pageToken }),
  toBinary: ({ userId, pageToken }, pageSize) =>
    toBinary(
      ListContactOwnersRequestSchema,
      create(ListContactOwnersRequestSchema, { contactXcUserId: userId, pageSize, pageToken }),
    ),
};

/** Creates requests that read the contacts of random owners, from the first page to the last. */
export function createPageRequests(options: RequestsOptions): Requests {
  return createRequests(contactList, options);
}

/** Creates requests that read the owners who have a random user, from the first page to the last. */
export function createOwnerPageRequests(options: RequestsOptions): Requests {
  return createRequests(ownerList, options);
}

function createRequests(list: List, { format, contacts }: RequestsOptions): Requests {
  /** The next pages of the lists that are being read. */
  const following: Position[] = [];

  function requestOf(position: Position): Request {
    const body = encode(list, format, position, contacts);
    const before = position.before + contacts;
    const hasMore = before < list.length;

    function checkPage(length: unknown, pageToken: unknown): string | undefined {
      if (length !== contacts) return `${length} entries instead of ${contacts}`;
      if (typeof pageToken !== "string") return "no page token";
      if ((pageToken !== "") !== hasMore)
        return `page token '${pageToken}' after ${before} entries`;
      if (hasMore) following.push({ userId: position.userId, pageToken, before });
      return undefined;
    }

    return {
      length: body.length,
      write: (target, offset) => target.set(body, offset),
      checkData: (data) =>
        checkPage((data?.[list.field] as unknown[] | undefined)?.length, data?.nextPageToken),
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
        following.pop() ?? { userId: userId(draw([0, list.users])), pageToken: "", before: 0 },
      ),
  };
}

function encode(list: List, format: Format, position: Position, pageSize: number): Uint8Array {
  return format === "json"
    ? Buffer.from(JSON.stringify(list.toJson(position, pageSize)))
    : list.toBinary(position, pageSize);
}
