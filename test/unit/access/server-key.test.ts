import { createHash } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  generateServerKey,
  hashSecret,
  parseServerKey,
  serverKeyHeader,
  splitServerKey,
} from "../../../src/access/server-key.ts";
import { Fault } from "../../../src/errors.ts";

function reasonOf(header: string | null | undefined): string {
  const result = parseServerKey(header);
  return result instanceof Fault ? result.reason : "accepted";
}

const base64 = (text: string) => Buffer.from(text).toString("base64");

test.each([[null], [undefined], [""]])("%j is missing", (header) => {
  expect(reasonOf(header)).toBe("SERVER_KEY_MISSING");
});

const malformed: [name: string, header: string][] = [
  ["the key itself, not encoded", "id:secret"],
  ["characters outside base64", "not-base64!!"],
  ["the URL-safe alphabet", Buffer.from("id:~~~???").toString("base64url")],
  ["a scheme before the key", `Basic ${base64("id:secret")}`],
  ["a space before the key", ` ${base64("id:secret")}`],
  ["a space after the key", `${base64("id:secret")} `],
  ["a line break within the key", `${base64("id")}\n${base64(":secret")}`],
  ["two keys in one header", `${base64("id:secret")}, ${base64("id:secret")}`],
  ["only padding", "=="],
  ["padding within the key", `${base64("id:1")}${base64("2")}`],
  ["too much padding", `${base64("id:secret")}===`],
  ["padding after a complete group", `${base64("id:abc")}=`],
  ["a length that base64 cannot have", `${base64("id:abc")}A`],
  ["no colon", base64("id")],
  ["no id", base64(":secret")],
  ["no secret", base64("id:")],
  ["only a colon", base64(":")],
];

test.each(malformed)("%s is malformed", (_, header) => {
  expect(reasonOf(header)).toBe("SERVER_KEY_MALFORMED");
});

const wellFormed: [name: string, text: string, id: string, secret: string][] = [
  ["a plain key", "id:secret", "id", "secret"],
  ["a secret with colons", "id:se:cr:et:", "id", "se:cr:et:"],
  ["a secret that is a colon", "id::", "id", ":"],
  ["parts that are spaces", " : ", " ", " "],
  ["characters outside ASCII", "ключ:秘密🔑", "ключ", "秘密🔑"],
  ["a long key", `id:${"x".repeat(5_000)}`, "id", "x".repeat(5_000)],
];

test.each(wellFormed)("%s is split at its first colon", (_, text, id, secret) => {
  expect(splitServerKey(text)).toEqual({ id, secret });
  expect(parseServerKey(base64(text))).toEqual({ id, secret });
});

/** Text that UTF-8 can encode. */
const text = fc.string({ unit: "binary", minLength: 1, maxLength: 90 });
const ids = text.filter((id) => !id.includes(":"));

test("a key survives encoding as a header and parsing", () => {
  fc.assert(
    fc.property(ids, text, (id, secret) => {
      expect(parseServerKey(serverKeyHeader({ id, secret }))).toEqual({ id, secret });
    }),
  );
});

test("padding may be left out", () => {
  const unpadded = serverKeyHeader({ id: "id", secret: "secret" }).replaceAll("=", "");
  expect(parseServerKey(unpadded)).toEqual({ id: "id", secret: "secret" });
});

test("any text is rejected with a fault, or parsed as an id and a secret", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", minLength: 1 }), (header) => {
      expect(["SERVER_KEY_MALFORMED", "accepted"]).toContain(reasonOf(header));
    }),
  );
});

test("a generated key has a random id of 80 bits and a random secret of 256 bits", () => {
  const { id, secret } = generateServerKey();
  expect(Buffer.from(id, "hex")).toHaveLength(10);
  expect(Buffer.from(secret, "base64url")).toHaveLength(32);
  expect(parseServerKey(serverKeyHeader({ id, secret }))).toEqual({ id, secret });
});

test("generated keys do not share an id or a secret", () => {
  const keys = Array.from({ length: 1_000 }, generateServerKey);
  expect(new Set(keys.map(({ id }) => id)).size).toBe(1_000);
  expect(new Set(keys.map(({ secret }) => secret)).size).toBe(1_000);
});

test("the hash is SHA-256 of the secret in UTF-8", () => {
  fc.assert(
    fc.property(text, (secret) => {
      const expected = createHash("sha256").update(Buffer.from(secret, "utf8")).digest();
      expect(hashSecret(secret).equals(expected)).toBe(true);
    }),
  );
});
