import { create, toBinary } from "@bufbuild/protobuf";
import {
  CheckContactsRequestSchema,
  CheckContactsResponseSchema,
} from "../../src/gen/contact/v1/contact_service_pb.ts";
import { draw, kindOf, userId } from "./lists.ts";
import type { Format, Request, Requests, RequestsOptions } from "./requests.ts";
import { positionsOf, writeDecimal } from "./template.ts";

const mark = userId(0);
/** The last digits of an id, which change. */
const digits = 5;

/** Creates checks of random pairs of every kind. The bodies are one template in which only digits change. */
export function createCheckRequests({ format, contacts }: RequestsOptions): Requests {
  const template = encode(format, contacts);
  /** Offsets of the digits: owner and contact of the first pair, then of the next one. */
  const positions = positionsOf(template, mark, mark.length - digits);
  const results = Array.from({ length: contacts }, (_, n) => kindOf(n).result);
  const data = JSON.stringify({ results });
  const message = Buffer.from(
    toBinary(CheckContactsResponseSchema, create(CheckContactsResponseSchema, { results })),
  );

  const request: Request = {
    length: template.length,
    write(target, offset) {
      target.set(template, offset);
      for (let n = 0; n < contacts; n++) {
        const { owner, contact } = kindOf(n);
        writeDecimal(target, offset + (positions[2 * n] ?? 0), draw(owner));
        writeDecimal(target, offset + (positions[2 * n + 1] ?? 0), draw(contact));
      }
    },
    checkData: (results) => (JSON.stringify(results) === data ? undefined : "wrong results"),
    checkMessage: (bytes, start, end) =>
      message.compare(bytes, start, end) === 0 ? undefined : "wrong results",
  };
  return { next: () => request };
}

function encode(format: Format, contacts: number): Buffer {
  if (format === "json") {
    const pairs = Array(contacts).fill({ ownerXCUserID: mark, contactXCUserID: mark });
    return Buffer.from(JSON.stringify({ pairs }));
  }
  const pairs = Array(contacts).fill({ ownerXcUserId: mark, contactXcUserId: mark });
  const message = create(CheckContactsRequestSchema, { pairs });
  return Buffer.from(toBinary(CheckContactsRequestSchema, message));
}
