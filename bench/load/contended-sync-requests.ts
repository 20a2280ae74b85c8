import { randomBytes, randomInt } from "node:crypto";
import { drawFrom } from "./lists.ts";
import type { Request, Requests, RequestsOptions } from "./requests.ts";
import type { Entry } from "./sync-message.ts";
import { encodeSync, readCounts } from "./sync-message.ts";

/** Draws the entries of one sync. */
type DrawEntries = (contacts: number) => Entry[];

/** All syncs have the same eight pairs, in a random order, each inserted or deleted at random. */
export function createSamePairRequests(options: RequestsOptions): Requests {
  const pairs = Array.from({ length: 8 }, (_, n) => ({ ownerId: `owner-${n}`, contactId: "c" }));
  return createRequests(options, () => drawFrom(pairs, pairs.length).map(drawEntry));
}

/** Pairs of 50 owners and 20 contacts, each inserted or deleted at random. */
export function createFewOwnerRequests(options: RequestsOptions): Requests {
  const drawPair = () => ({ ownerId: `owner-${randomInt(50)}`, contactId: `c${randomInt(20)}` });
  return createRequests(options, (contacts) => repeat(contacts, () => drawEntry(drawPair())));
}

/** Insertions of new pairs that all have the same owner. */
export function createHotOwnerRequests(options: RequestsOptions): Requests {
  return createRequests(options, (contacts) =>
    repeat(contacts, () => ({ ownerId: "owner", contactId: newId(), isDeleted: false })),
  );
}

/** Insertions of new pairs that all have the same contact. */
export function createHotContactRequests(options: RequestsOptions): Requests {
  return createRequests(options, (contacts) =>
    repeat(contacts, () => ({ ownerId: newId(), contactId: "contact", isDeleted: false })),
  );
}

function createRequests({ format, contacts }: RequestsOptions, draw: DrawEntries): Requests {
  return {
    next(): Request {
      const entries = draw(contacts);
      const body = encodeSync(format, entries);
      const deletions = entries.filter(({ isDeleted }) => isDeleted).length;
      const insertions = entries.length - deletions;

      function checkCounts(inserted: unknown, deleted: unknown): string | undefined {
        if (isCount(inserted, insertions) && isCount(deleted, deletions)) return undefined;
        return `counts are ${inserted} of ${insertions} and ${deleted} of ${deletions}`;
      }
      return {
        length: body.length,
        write: (target, offset) => target.set(body, offset),
        checkData: (data) => checkCounts(data?.countInserted, data?.countDeleted),
        checkMessage(bytes, start, end) {
          const counts = readCounts(bytes, start, end);
          return typeof counts === "string" ? counts : checkCounts(counts[1], counts[2]);
        },
      };
    },
  };
}

function isCount(value: unknown, most: number): boolean {
  return typeof value === "number" && value >= 0 && value <= most;
}

function drawEntry(pair: Omit<Entry, "isDeleted">): Entry {
  return { ...pair, isDeleted: randomInt(2) === 1 };
}

function repeat<T>(times: number, make: () => T): T[] {
  return Array.from({ length: times }, make);
}

function newId(): string {
  return randomBytes(8).toString("hex");
}
