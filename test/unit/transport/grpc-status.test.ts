import fc from "fast-check";
import { expect, test } from "vitest";
import { encodeGrpcMessage } from "../../../src/transport/grpc-status.ts";

const examples: [text: string, encoded: string][] = [
  ["", ""],
  [
    "Param 'ownerXCUserID' is required (contacts[3])",
    "Param 'ownerXCUserID' is required (contacts[3])",
  ],
  ["100%", "100%25"],
  ["%41", "%2541"],
  ["a\nb\t\0", "a%0Ab%09%00"],
  ["é😀", "%C3%A9%F0%9F%98%80"],
  [" ~\u007f", " ~%7F"],
];

test.each(examples)("%j is encoded as %j", (text, encoded) => {
  expect(encodeGrpcMessage(text)).toBe(encoded);
});

test("any text is encoded in printable ASCII and decoded again", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      const encoded = encodeGrpcMessage(text);
      expect(encoded).toMatch(/^[ -~]*$/);
      expect(decodeURIComponent(encoded)).toBe(text);
    }),
  );
});
