import type { DescField, DescMessage } from "@bufbuild/protobuf";
import { ScalarType } from "@bufbuild/protobuf";
import { WireType } from "@bufbuild/protobuf/wire";
import { unsupported } from "./unsupported.ts";
import type { LongList } from "./value-limit.ts";
import { maxValues, tooManyValues } from "./value-limit.ts";

/**
 * Counts the values in a protobuf message, and makes no objects. It reads the bytes as the library does, so
 * that both see the same fields.
 *
 * @throws Fault PARAM_TOO_MANY or BODY_TOO_MANY_VALUES if there are more than `maxValues` values
 * @throws Error if the bytes are not a message
 */
export type BinaryScan = (bytes: Buffer) => void;

/** A field of the message. Absent: the scan skips its value by the wire type. */
interface KnownField {
  /** How its value is read. Like the library, the scan does not compare it with the wire type. */
  readonly kind: "varint" | "bytes" | "message";
  /** The fields of a message. */
  readonly fields: KnownFields;
  readonly list: LongList | undefined;
}

type KnownFields = ReadonlyMap<number, KnownField>;

/**
 * @param lists the lists of the message
 * @throws Error if a field has a kind that is not supported
 */
export function compileBinaryScan(desc: DescMessage, lists: readonly LongList[]): BinaryScan {
  const fields = knownFields(desc, lists);
  return (bytes) => new Scanner(bytes).readMessage(fields, bytes.length);
}

function knownFields(desc: DescMessage, lists: readonly LongList[]): KnownFields {
  return new Map(
    desc.fields.map((field) => {
      const list = lists.find((each) => each.field === field);
      const kind = kindOf(field);
      const fields =
        kind === "message" && field.message ? knownFields(field.message, []) : new Map();
      return [field.number, { kind, fields, list }];
    }),
  );
}

function kindOf(field: DescField): KnownField["kind"] {
  if (field.fieldKind === "map") throw unsupported(field, "a map");
  if (field.message !== undefined) {
    if (field.delimitedEncoding) throw unsupported(field, "a group");
    return "message";
  }
  if (field.scalar === ScalarType.STRING || field.scalar === ScalarType.BYTES) return "bytes";
  const isVarint =
    field.enum !== undefined ||
    field.scalar === ScalarType.BOOL ||
    field.scalar === ScalarType.INT32;
  if (!isVarint || field.fieldKind === "list") throw unsupported(field, "this kind of field");
  return "varint";
}

class Scanner {
  readonly #bytes: Buffer;
  #at = 0;
  #values = 0;
  #longList: LongList | undefined;
  readonly #entries = new Map<LongList, number>();

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  readMessage(fields: KnownFields, length: number): void {
    const end = this.#at + length;
    while (this.#at < end) {
      const tag = this.#varint();
      const field = fields.get(tag >>> 3);
      this.#count(field?.list);
      if (field === undefined) this.#skip(tag, 0);
      else if (field.kind === "varint") this.#varint();
      else if (field.kind === "bytes") this.#skipBytes(this.#varint());
      else this.readMessage(field.fields, this.#varint());
    }
  }

  #count(list: LongList | undefined): void {
    this.#values += 1;
    if (list !== undefined) {
      const entries = (this.#entries.get(list) ?? 0) + 1;
      this.#entries.set(list, entries);
      if (entries > list.most) this.#longList ??= list;
    }
    if (this.#values > maxValues) throw tooManyValues(this.#longList);
  }

  #skip(tag: number, depth: number): void {
    if (tag >>> 3 === 0) throw new Error("invalid field number");
    const wireType = tag & 7;
    if (wireType === WireType.Varint) this.#skipVarint();
    else if (wireType === WireType.LengthDelimited) this.#skipBytes(this.#varint());
    else if (wireType === WireType.Bit32) this.#skipBytes(4);
    else if (wireType === WireType.Bit64) this.#skipBytes(8);
    else if (wireType === WireType.StartGroup) this.#skipGroup(tag, depth + 1);
    else throw new Error("invalid wire type");
  }

  #skipGroup(start: number, depth: number): void {
    if (depth > maxGroupDepth) throw new Error("too many groups");
    for (;;) {
      const tag = this.#varint();
      if ((tag & 7) === WireType.EndGroup) {
        if (tag >>> 3 !== start >>> 3) throw new Error("invalid end of a group");
        return;
      }
      this.#count(undefined);
      this.#skip(tag, depth);
    }
  }

  #skipBytes(length: number): void {
    this.#at += length;
    if (this.#at > this.#bytes.length) throw new Error("premature end");
  }

  /** Skips a varint of any length. */
  #skipVarint(): void {
    while (this.#byte() >= 128);
  }

  /** Reads an unsigned number of 32 bits. Further bits are ignored. */
  #varint(): number {
    const first = this.#byte();
    if (first < 128) return first;
    let value = first & 127;
    for (let n = 1; n < 10; n++) {
      const byte = this.#byte();
      if (n < 5) value |= (byte & 127) << (7 * n);
      if (byte < 128) return value >>> 0;
    }
    throw new Error("invalid varint");
  }

  #byte(): number {
    const byte = this.#bytes[this.#at++];
    if (byte === undefined) throw new Error("premature end");
    return byte;
  }
}

/** The depth of unknown groups up to which the library reads a message. */
const maxGroupDepth = 100;
