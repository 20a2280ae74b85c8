import { randomBytes, randomInt } from "node:crypto";
import { create, toBinary } from "@bufbuild/protobuf";
import { SyncContactsRequestSchema } from "../../src/gen/contact/v1/contact_service_pb.ts";

/** Bodies of sync requests, all of one length, no two with a pair in common. */
export interface SyncBodies {
  /** In bytes. */
  readonly length: number;
  /** Writes the next body. */
  write(target: Buffer, offset: number): void;
}

/** One owner of 90,000 for each request: `owner-10000` to `owner-99999`. */
const firstOwner = 10_000;
const owners = 90_000;
const ownerMark = "owner-00000";
/** Multiplies to numbers that are spread evenly, each once in 2^32: 2^32 divided by the golden ratio. */
const spread = 0x9e37_79b1;

/**
 * Bodies are one template in which only digits change. The contacts land all over the indexes, as those
 * of real callers do.
 */
export function createSyncBodies(options: {
  readonly format: "protobuf" | "json";
  readonly contacts: number;
}): SyncBodies {
  const { contacts } = options;
  const tag = randomBytes(6).toString("hex").slice(0, 11);
  const contactMark = `c00000000${tag}`;
  const template = encode(options.format, contacts, contactMark);
  const ownerDigits = positionsOf(template, ownerMark, "owner-".length);
  const contactDigits = positionsOf(template, contactMark, "c".length);
  let pair = randomInt(2 ** 32);

  return {
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
  };
}

/** Insertions and deletions in a request of so many entries. */
export function shareOfDeletions(contacts: number): { insertions: number; deletions: number } {
  const deletions = Math.floor(contacts / 4);
  return { insertions: contacts - deletions, deletions };
}

function encode(format: "protobuf" | "json", contacts: number, contactMark: string): Buffer {
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

/** Where the digits of each mark begin. */
function positionsOf(template: Buffer, mark: string, beforeDigits: number): Uint32Array {
  const found: number[] = [];
  for (let at = template.indexOf(mark); at !== -1; at = template.indexOf(mark, at + mark.length)) {
    found.push(at + beforeDigits);
  }
  return Uint32Array.from(found);
}

const hexDigits = Buffer.from("0123456789abcdef");

function writeHex(target: Buffer, at: number, value: number): void {
  for (let n = 7; n >= 0; n--) {
    target[at + n] = hexDigits[value & 15] as number;
    value >>>= 4;
  }
}

function writeDecimal(target: Buffer, at: number, value: number): void {
  for (let n = 4; n >= 0; n--) {
    const rest = (value / 10) | 0;
    target[at + n] = 48 + value - rest * 10;
    value = rest;
  }
}
