import { describe, expect, test } from "vitest";
import { serveContract } from "../contract/for-file.ts";
import { rawTransports } from "../contract/raw-rpc.ts";

const served = serveContract();

interface RawMessage {
  readonly name: string;
  readonly bytes: Uint8Array;
  /** Part of the message of an INVALID_ARGUMENT; a success where absent. */
  readonly refused?: string;
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
  { name: "no bytes", bytes: hex(""), refused: "Param 'contacts' cannot be empty" },
  {
    name: "an empty entry",
    bytes: hex("0a 00"),
    refused: "'ownerXCUserID' is required (contacts[0])",
  },
  {
    name: "the second entry empty",
    bytes: hex("0a 06 0a0161 120162 0a 00"),
    refused: "(contacts[1])",
  },
  { name: "a byte that ends nothing", bytes: hex("0a"), refused: unreadable("protobuf") },
  { name: "a length beyond the end", bytes: hex("0a 7f 0a0161"), refused: unreadable("protobuf") },
  { name: "field number 0", bytes: hex("02 01 61"), refused: unreadable("protobuf") },
  { name: "a wire type that is none", bytes: hex("0f 01 61"), refused: unreadable("protobuf") },
  { name: "a varint without end", bytes: Buffer.alloc(20, 0xff), refused: unreadable("protobuf") },
  { name: "JSON", bytes: Buffer.from('{"contacts":[]}'), refused: unreadable("protobuf") },
  { name: "an owner with a byte that UTF-8 lacks", bytes: ownerOf(hex("ff")), refused: "" },
  { name: "an owner with a surrogate in UTF-8", bytes: ownerOf(hex("ed a0 80")), refused: "" },
  { name: "an owner with a character cut short", bytes: ownerOf(hex("c3")), refused: "" },
  { name: "an owner with a NUL in two bytes", bytes: ownerOf(hex("c0 80")), refused: "" },
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
    refused: "Param 'contacts' cannot be empty",
  },
  { name: "an empty object", bytes: json("{}"), refused: "Param 'contacts' cannot be empty" },
  {
    name: "a lone surrogate in an escape",
    bytes: json(`{"contacts":[{${pair.replace('"a"', '"\\ud800"')}}]}`),
    refused: "",
  },
  { name: "JSON that ends early", bytes: json('{"contacts":['), refused: unreadable("JSON") },
  { name: "a list", bytes: json("[]"), refused: "" },
  {
    name: "an owner that is a number",
    bytes: json('{"contacts":[{"ownerXCUserID":1}]}'),
    refused: "",
  },
  {
    name: "an owner that is an object",
    bytes: json('{"contacts":[{"ownerXCUserID":{}}]}'),
    refused: "",
  },
  { name: "an entry that is a number", bytes: json('{"contacts":[7]}'), refused: "" },
  { name: "an entry that is null", bytes: json('{"contacts":[null]}'), refused: "" },
  { name: "contacts that is an object", bytes: json('{"contacts":{}}'), refused: "" },
  {
    name: "isDeleted a number",
    bytes: json(`{"contacts":[{${pair},"isDeleted":1}]}`),
    refused: "",
  },
  { name: "nested 50,000 deep", bytes: json(`{"contacts":${"[".repeat(50_000)}`), refused: "" },
  {
    name: "an ignored field nested deeply",
    bytes: json(`{"x":${"[".repeat(5_000)}${"]".repeat(5_000)},"contacts":[{${pair}}]}`),
    stored: [["a", "b"]],
  },
  {
    name: "bytes that UTF-8 lacks",
    bytes: Buffer.from(`{"contacts":[{${pair.replace('"a"', '"\xff"')}}]}`, "latin1"),
    refused: "",
  },
];

describe.each(rawTransports)("over $name", ({ format, send }) => {
  const messages = format === "proto" ? binary : inJson;

  test.each(messages)("a message: $name", async ({ bytes, refused, stored = [] }) => {
    const app = await served.service.createApp();
    const { code, message } = await send(served.service, bytes, app.header);
    expect(code).toBe(refused === undefined ? "OK" : "INVALID_ARGUMENT");
    expect(message).toContain(refused ?? "");
    expect(await served.stored.pairsOf(app.id)).toEqual(stored);
  });

  test("the key is checked before the message", async () => {
    expect(await send(served.service, hex("ff"), undefined)).toEqual({
      code: "UNAUTHENTICATED",
      message: "Request headers are required (Server-Key)",
    });
  });
});
