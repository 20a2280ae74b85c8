import fc from "fast-check";
import { expect, test } from "vitest";
import type { PagedList } from "../../../src/api/page-token.ts";
import { decodePageToken, encodePageToken } from "../../../src/api/page-token.ts";
import { goodId } from "../support/nasty.ts";

const list: PagedList = { appId: 7, method: "ListContacts", userId: "alice" };

const anyList: fc.Arbitrary<PagedList> = fc.record({
  appId: fc.integer({ min: 1, max: 2 ** 31 - 1 }),
  method: fc.constantFrom("ListContacts", "ListContactOwners", "ListMutualContacts"),
  userId: goodId,
});

test("a token returns its position for the list that it was made for", () => {
  fc.assert(
    fc.property(anyList, goodId, (any, position) => {
      expect(decodePageToken(any, encodePageToken(any, position))).toBe(position);
    }),
  );
});

test("a token has the same text in every version", () => {
  expect(encodePageToken(list, "bob")).toBe("-pCSUx9ktQiE0o6iYm9i");
  expect(encodePageToken({ ...list, userId: "\u{1f44d}" }, "\ufeffé\u{1f44d}")).toBe(
    "5LIxbIPFuUROUygM77u_w6nwn5GN",
  );
});

test("a token is base64url and has at most 283 characters", () => {
  const longest = encodePageToken(list, "\u{1f44d}".repeat(50));
  expect(longest).toMatch(/^[\w-]+$/);
  expect(longest).toHaveLength(283);
});

test("no other list or call accepts a token", () => {
  fc.assert(
    fc.property(anyList, anyList, goodId, (one, other, position) => {
      fc.pre(JSON.stringify(one) !== JSON.stringify(other));
      expect(decodePageToken(other, encodePageToken(one, position))).toBeUndefined();
    }),
  );
});

const others: Record<string, PagedList> = {
  "another app": { ...list, appId: 8 },
  "another call": { ...list, method: "ListMutualContacts" },
  "another user": { ...list, userId: "alicf" },
  "an empty user id": { ...list, userId: "" },
};

test.each(Object.entries(others))("a token is rejected for %s", (_, other) => {
  expect(decodePageToken(other, encodePageToken(list, "bob"))).toBeUndefined();
});

test("tokens differ even if the joined text of their parts is the same", () => {
  const token = encodePageToken({ ...list, userId: "ab" }, "c");
  expect(decodePageToken({ ...list, userId: "a" }, token)).toBeUndefined();
  const [one, other] = [
    { ...list, userId: 'a","b' },
    { ...list, userId: "a" },
  ];
  expect(encodePageToken(one, "c").slice(0, 16)).not.toBe(
    encodePageToken(other, 'b","c').slice(0, 16),
  );
});

test("a token with one character changed, removed or added is rejected", () => {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_+/= .\0é";
  const anyCharacter = fc.constantFrom(...alphabet);
  fc.assert(
    fc.property(anyList, goodId, anyCharacter, (any, position, character) => {
      const token = encodePageToken(any, position);
      for (let at = 0; at <= token.length; at++) {
        const [before, after] = [token.slice(0, at), token.slice(at)];
        const mutants = [before + character + after.slice(1), before + after.slice(1)];
        mutants.push(before + character + after);
        for (const mutant of mutants) {
          if (mutant !== token) expect(decodePageToken(any, mutant)).toBeUndefined();
        }
      }
    }),
    { numRuns: 30 },
  );
});

test("a token with one byte changed is rejected", () => {
  fc.assert(
    fc.property(anyList, goodId, fc.integer({ min: 1, max: 255 }), (any, position, change) => {
      const bytes = Buffer.from(encodePageToken(any, position), "base64url");
      for (let at = 0; at < bytes.length; at++) {
        const mutant = Buffer.from(bytes);
        mutant[at] = (mutant[at] ?? 0) ^ change;
        expect(decodePageToken(any, mutant.toString("base64url"))).toBeUndefined();
      }
    }),
    { numRuns: 30 },
  );
});

/** A token with a correct digest for a position that no page has. Any client can compute the digest. */
function forged(position: Uint8Array, text: string): string {
  const [digest] = [Buffer.from(encodePageToken(list, text), "base64url").subarray(0, 12)];
  return Buffer.concat([digest, position]).toString("base64url");
}

const forgeries: Record<string, string> = {
  "no position": forged(Buffer.of(), ""),
  "a NUL in its position": forged(Buffer.from("a\0b"), "a\0b"),
  "a position that is not UTF-8": forged(Buffer.of(0xff), "\ufffd"),
  "a surrogate in its position": forged(Buffer.of(0xed, 0xa0, 0x80), "\ufffd\ufffd\ufffd"),
  "an overlong position": forged(Buffer.of(0xc1, 0xa1), "a"),
};

test.each(Object.entries(forgeries))("a token with %s is rejected", (_, token) => {
  expect(decodePageToken(list, token)).toBeUndefined();
});

const nonsense = [
  "",
  "A",
  "AAAA",
  "A".repeat(16),
  "A".repeat(17),
  "A".repeat(400),
  "null",
  "%",
  "=",
];

test.each(nonsense)("%j is not a token", (token) => {
  expect(decodePageToken(list, token)).toBeUndefined();
});

test("arbitrary text is not a token, and never throws", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 400 }), (token) => {
      expect(decodePageToken(list, token)).toBeUndefined();
    }),
  );
});
