import { randomBytes, randomInt } from "node:crypto";
import { create, toBinary } from "@bufbuild/protobuf";
import { SyncContactsRequestSchema } from "../../src/gen/contact/v1/contact_service_pb.ts";
import type { Format, Request, Requests, RequestsOptions } from "./requests.ts";
import { positionsOf, writeDecimal, writeHex } from "./template.ts";
import { createFieldReader } from "./wire.ts";

/** One owner of 90,000 for each request: `owner-10000` to `owner-99999`. */
const firstOwner = 10_000;
const owners = 90_000;
const ownerMark = "owner-00000";
/** Multiplies to numbers that are spread evenly, each once in 2^32: 2^32 divided by the golden ratio. */
const spread = 0x9e37_79b1;

/**
 * Syncs of which no two have a pair in common: all insertions happen, and all deletions, every fourth
 * entry, miss. Bodies are one template in which only digits change. The contacts land all over the
 * indexes, as those of real callers do.
 */
export function createSyncRequests({ format, contacts }: RequestsOptions): Requests {
  const tag = randomBytes(6).toString("hex").slice(0, 11);
  const contactMark = `c00000000${tag}`;
  const template = encode(format, contacts, contactMark);
  const ownerDigits = positionsOf(template, ownerMark, "owner-".length);
  const contactDigits = positionsOf(template, contactMark, "c".length);
  const insertions = contacts - Math.floor(contacts / 4);
  let pair = randomInt(2 ** 32);

  function checkCounts(inserted: unknown, deleted: unknown): string | undefined {
    if (inserted === insertions && deleted === 0) return undefined;
    return `counts ${inserted} and ${deleted} in place of ${insertions} and 0`;
  }

  const request: Request = {
    length: template.length,
    write(target, offset) {
      target.set(template, offset);
      const owner = firstOwner + Math.floor(Math.random() * owners);
      for (let n = 0; n < contacts; n++) {
        writeDecimal(target, offset + (ownerDigits[n] ?? 0), owner);
        writeHex(target, offset + (contactDigits[n] ?? 0), Math.imul(pair, spread));
        pair = (pair + 1) >>> 0;
      }
    },
    checkData: (data) => checkCounts(data?.countInserted, data?.countDeleted),
    checkMessage(bytes, start, end) {
      const fields = createFieldReader(bytes, start, end);
      const counts = [0, 0, 0];
      for (let tag = fields.tag(); tag !== undefined; tag = fields.tag()) {
        if (tag !== 0x08 && tag !== 0x10) return `unexpected field tag ${tag} in the answer`;
        counts[tag >> 3] = fields.varint();
      }
      return checkCounts(counts[1], counts[2]);
    },
  };
  return { next: () => request };
}

function encode(format: Format, contacts: number, contactMark: string): Buffer {
  const isDeleted = (n: number) => n % 4 === 3;
  const entries = Array.from({ length: contacts }, (_, n) => n);
  if (format === "json") {
    const list = entries.map((n) => ({
      ownerXCUserID: ownerMark,
      contactXCUserID: contactMark,
      ...(isDeleted(n) ? { isDeleted: true } : {}),
    }));
    return Buffer.from(JSON.stringify({ contacts: list }));
  }
  const message = create(SyncContactsRequestSchema, {
    contacts: entries.map((n) => ({
      ownerXcUserId: ownerMark,
      contactXcUserId: contactMark,
      isDeleted: isDeleted(n),
    })),
  });
  return Buffer.from(toBinary(SyncContactsRequestSchema, message));
}
