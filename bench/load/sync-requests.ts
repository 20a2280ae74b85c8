import { randomBytes, randomInt } from "node:crypto";
import type { Request, Requests, RequestsOptions } from "./requests.ts";
import { encodeSync, readCounts } from "./sync-message.ts";
import { positionsOf, writeDecimal, writeHex } from "./template.ts";

/** Each request has one of 90,000 owners: `owner-10000` to `owner-99999`. */
const firstOwner = 10_000;
const owners = 90_000;
const ownerMark = "owner-00000";
/** 2^32 divided by the golden ratio. Its multiples are spread evenly, and each occurs once in 2^32. */
const spread = 0x9e37_79b1;

/**
 * Creates syncs that have no pair in common. All insertions insert a row; every fourth entry is a
 * deletion, and deletes nothing. The bodies are one template in which only digits change. The contacts
 * are spread over the whole index, like those of real callers.
 */
export function createSyncRequests(options: RequestsOptions): Requests {
  return createRequests(options, false);
}

/** The same, but each entry has a random owner of its own. */
export function createManyOwnerSyncRequests(options: RequestsOptions): Requests {
  return createRequests(options, true);
}

function createRequests({ format, contacts }: RequestsOptions, hasManyOwners: boolean): Requests {
  const tag = randomBytes(6).toString("hex").slice(0, 11);
  const contactMark = `c00000000${tag}`;
  const entries = Array.from({ length: contacts }, (_, n) => ({
    ownerId: ownerMark,
    contactId: contactMark,
    isDeleted: n % 4 === 3,
  }));
  const template = encodeSync(format, entries);
  const ownerDigits = positionsOf(template, ownerMark, "owner-".length);
  const contactDigits = positionsOf(template, contactMark, "c".length);
  const insertions = contacts - Math.floor(contacts / 4);
  let pair = randomInt(2 ** 32);

  const drawOwner = () => firstOwner + Math.floor(Math.random() * owners);

  function checkCounts(inserted: unknown, deleted: unknown): string | undefined {
    if (inserted === insertions && deleted === 0) return undefined;
    return `counts are ${inserted} and ${deleted} instead of ${insertions} and 0`;
  }

  const request: Request = {
    length: template.length,
    write(target, offset) {
      target.set(template, offset);
      let owner = drawOwner();
      for (let n = 0; n < contacts; n++) {
        if (hasManyOwners) owner = drawOwner();
        writeDecimal(target, offset + (ownerDigits[n] ?? 0), owner);
        writeHex(target, offset + (contactDigits[n] ?? 0), Math.imul(pair, spread));
        pair = (pair + 1) >>> 0;
      }
    },
    checkData: (data) => checkCounts(data?.countInserted, data?.countDeleted),
    checkMessage(bytes, start, end) {
      const counts = readCounts(bytes, start, end);
      return typeof counts === "string" ? counts : checkCounts(counts[1], counts[2]);
    },
  };
  return { next: () => request };
}
