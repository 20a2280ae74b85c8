import { create, toBinary } from "@bufbuild/protobuf";
import {
  FingerprintContactsRequestSchema,
  ListMutualContactsRequestSchema,
} from "../../src/gen/contact/v1/contact_service_pb.ts";
import type { Requests, RequestsOptions } from "./requests.ts";
import { createFieldReader } from "./wire.ts";

/** The owner of a huge list. */
export const hugeOwner = "huge";

/** SELECT of the rows of the huge list, for the app with the number 1. One contact in 1,000 is mutual. */
export function selectHugeList(contacts: number): string {
  return `
    SELECT 1, '${hugeOwner}', 'contact-' || n FROM generate_series(1, ${contacts}) AS n
    UNION ALL
    SELECT 1, 'contact-' || n, '${hugeOwner}' FROM generate_series(1, ${contacts}, 1000) AS n`;
}

/** Creates requests that read the mutual contacts of the huge list, page by page. */
export function createMutualRequests({ contacts }: RequestsOptions): Requests {
  /** The next pages of the lists that are being read. */
  const following: string[] = [];
  return {
    next() {
      const message = create(ListMutualContactsRequestSchema, {
        ownerXcUserId: hugeOwner,
        pageSize: contacts,
        pageToken: following.pop() ?? "",
      });
      return requestOf(toBinary(ListMutualContactsRequestSchema, message), (bytes, start, end) => {
        const fields = createFieldReader(bytes, start, end);
        for (let tag = fields.tag(); tag !== undefined; tag = fields.tag()) {
          const [from, to] = fields.bytes();
          if (tag === 0x12) following.push(bytes.toString("latin1", from, to));
        }
        return undefined;
      });
    },
  };
}

/** Creates requests for the fingerprint of the huge list. */
export function createFingerprintRequests(_options: RequestsOptions): Requests {
  const message = create(FingerprintContactsRequestSchema, { ownerXcUserId: hugeOwner });
  const request = requestOf(
    toBinary(FingerprintContactsRequestSchema, message),
    (_bytes, start, end) => (end > start ? undefined : "no fingerprint"),
  );
  return { next: () => request };
}

function requestOf(
  body: Uint8Array,
  checkMessage: ReturnType<Requests["next"]>["checkMessage"],
): ReturnType<Requests["next"]> {
  return {
    length: body.length,
    write: (target, offset) => target.set(body, offset),
    checkData: () => "not supported over REST",
    checkMessage,
  };
}
