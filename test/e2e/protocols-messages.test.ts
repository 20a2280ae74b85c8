import { describe, expect, test } from "vitest";
import { serveContract } from "../contract/for-file.ts";
import { rawTransports } from "../contract/raw-rpc.ts";

const served = serveContract();

interface RawMessage {
  readonly name: string;
  readonly bytes: Uint8Array;
  /** Part of the message of an INVALID_ARGUMENT. If absent, the call succeeds. */
  readonly rejection?: string;
  /** What is stored in the end. */
  readonly stored?: readonly (readonly [string, string])[];
}

const hex = (text: string) => Buffer.from(text.replaceAll(" ", ""), "hex");
const unreadable = (format: string) => `Request body must be valid ${format}`;

/** contacts, with an owner of these bytes and the contact "b". */
function ownerOf(bytes: Uint8Array): Buffer {
  const entry = Buffer.concat([Buffer.of(0x0a, bytes.length), bytes, hex("12 01 62")]);
  return Buffer.concat([Buffer.of(0x0a, entry.length), entry]);
}

const binary: readonly RawMessage[] = [
  { name: "good", bytes: hex("0a 06 0a0161 120162"), stored: [["a", "b"]] },
  { name: "fields in another order", bytes: hex("0a 06 120162 0a0161"), stored: [["a", "b"]] },
  {
    name: "the last of two owners counts",
    bytes: hex("0a 09 0a0178 0a0161 120162"),
    stored: [["a", "b"]],
  },
  {
    name: "unknown fields",
    bytes: hex("aa 06 0178 0a 0a 0a0161 120162 aa060178 28 01"),
    stored: [["a", "b"]],
  },
  { name: "is_deleted of 2 is true", bytes: hex("0a 08 0a0161 120162 1802"), stored: [] },
  { name: "no bytes", bytes: hex(""), rejection: "Param 'contacts' cannot be empty" },
  {
    name: "an empty entry",
    bytes: hex("0a 00"),
    rejection: "'ownerXCUserID' is required (contacts[0])",
  },
  {
    name: "the second entry empty",
    bytes: hex("0a 06 0a0161 120162 0a 00"),
    rejection: "(contacts[1])",
  },
  { name: "an incomplete field", bytes: hex("0a"), rejection: unreadable("protobuf") },
  {
    name: "a length beyond the end",
    bytes: hex("0a 7f 0a0161"),
    rejection: unreadable("protobuf"),
  },
  { name: "field number 0", bytes: hex("02 01 61"), rejection: unreadable("protobuf") },
  { name: "an unknown wire type", bytes: hex("0f 01 61"), rejection: unreadable("protobuf") },
  { name: "an endless varint", bytes: Buffer.alloc(20, 0xff), rejection: unreadable("protobuf") },
  { name: "JSON", bytes: Buffer.from('{"contacts":[]}'), rejection: unreadable("protobuf") },
  { name: "an owner with a byte that is not UTF-8", bytes: ownerOf(hex("ff")), rejection: "" },
  { name: "an owner with a surrogate in UTF-8", bytes: ownerOf(hex("ed a0 80")), rejection: "" },
  { name: "an owner with a character cut short", bytes: ownerOf(hex("c3")), rejection: "" },
  { name: "an owner with a NUL in two bytes", bytes: ownerOf(hex("c0 80")), rejection: "" },
];

const pair = '"ownerXCUserID":"a","contactXCUserID":"b"';
const json = (text: string) => Buffer.from(text);

const inJson: readonly RawMessage[] = [
  { name: "good", bytes: json(`{"contacts":[{${pair}}]}`), stored: [["a", "b"]] },
  {
    name: "the names of the proto",
    bytes: json('{"contacts":[{"owner_xc_user_id":"a","contact_xc_user_id":"b"}]}'),
    stored: [["a", "b"]],
  },
  {
    name: "unknown fields",
    bytes: json(`{"x":1,"contacts":[{${pair},"y":[{}]}]}`),
    stored: [["a", "b"]],
  },
  {
    name: "isDeleted null",
    bytes: json(`{"contacts":[{${pair},"isDeleted":null}]}`),
    stored: [["a", "b"]],
  },
  {
    name: "contacts null",
    bytes: json('{"contacts":null}'),
    rejection: "Param 'contacts' cannot be empty",
  },
  { name: "an empty object", bytes: json("{}"), rejection: "Param 'contacts' cannot be empty" },
  {
    name: "a lone surrogate in an escape",
    bytes: json(`{"contacts":[{${pair.replace('"a"', '"\\ud800"')}}]}`),
    rejection: "",
  },
  { name: "JSON that ends early", bytes: json('{"contacts":['), rejection: unreadable("JSON") },
  { name: "a list", bytes: json("[]"), rejection: "" },
  {
    name: "an owner that is a number",
    bytes: json('{"contacts":[{"ownerXCUserID":1}]}'),
    rejection: "",
  },
  {
    name: "an owner that is an object",
    bytes: json('{"contacts":[{"ownerXCUserID":{}}]}'),
    rejection: "",
  },
  { name: "an entry that is a number", bytes: json('{"contacts":[7]}'), rejection: "" },
  { name: "an entry that is null", bytes: json('{"contacts":[null]}'), rejection: "" },
  { name: "contacts that is an object", bytes: json('{"contacts":{}}'), rejection: "" },
  {
    name: "isDeleted a number",
    bytes: json(`{"contacts":[{${pair},"isDeleted":1}]}`),
    rejection: "",
  },
  { name: "nested 50,000 deep", bytes: json(`{"contacts":${"[".repeat(50_000)}`), rejection: "" },
  {
    name: "an ignored field nested deeply",
    bytes: json(`{"x":${"[".repeat(5_000)}${"]".repeat(5_000)},"contacts":[{${pair}}]}`),
    stored: [["a", "b"]],
  },
  {
    name: "bytes that UTF-8 lacks",
    bytes: Buffer.from(`{"contacts":[{${pair.replace('"a"', '"\xff"')}}]}`, "latin1"),
    rejection: "",
  },
];

describe.each(rawTransports)("over $name", ({ format, send }) => {
  const messages = format === "proto" ? binary : inJson;

  test.each(messages)("a message: $name", async ({ bytes, rejection, stored = [] }) => {
    const app = await served.service.createApp();
    const { code, message } = await send(served.service, bytes, app.header);
    expect(code).toBe(rejection === undefined ? "OK" : "INVALID_ARGUMENT");
    expect(message).toContain(rejection ?? "");
    expect(await served.stored.pairsOf(app.id)).toEqual(stored);
  });

  test("the key is checked before the message", async () => {
    expect(await send(served.service, hex("ff"), undefined)).toEqual({
      code: "UNAUTHENTICATED",
      message: "Request headers are required (Server-Key)",
    });
  });
});
