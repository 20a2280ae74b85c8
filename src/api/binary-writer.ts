import type { DescField, DescMessage, Message } from "@bufbuild/protobuf";
import { ScalarType, toBinary } from "@bufbuild/protobuf";
import { WireType } from "@bufbuild/protobuf/wire";
import { FeatureSet_FieldPresence } from "@bufbuild/protobuf/wkt";
import { BinaryOutput } from "./binary-output.ts";

/**
 * Writes a message in protobuf.
 *
 * @param prefixBytes the number of bytes to leave free before the message
 */
export type BinaryWriter = (message: Message, prefixBytes: number) => Buffer;

type Write = (to: BinaryOutput, value: never) => void;

interface FieldWriter {
  readonly localName: string;
  /** Writes the field with its tag, unless it is absent. */
  readonly write: Write;
}

/** Compiles a writer. Messages with fields of rare kinds are left to the library. */
export function compileBinaryWriter(desc: DescMessage): BinaryWriter {
  const write = compileMessage(desc);
  if (write === undefined) {
    return (message, prefixBytes) => {
      const bytes = toBinary(desc, message);
      const framed = Buffer.allocUnsafe(prefixBytes + bytes.length);
      framed.set(bytes, prefixBytes);
      return framed;
    };
  }
  const output = new BinaryOutput();
  return (message, prefixBytes) => {
    output.reset(prefixBytes);
    write(output, message as never);
    return output.copy();
  };
}

/** @returns undefined if a field has a kind that is not supported */
function compileMessage(desc: DescMessage): Write | undefined {
  const fields: FieldWriter[] = [];
  for (const field of desc.fields.toSorted((a, b) => a.number - b.number)) {
    const write = compileField(field);
    if (write === undefined) return undefined;
    fields.push({ localName: field.localName, write });
  }
  return (to, message) => {
    for (let n = 0; n < fields.length; n++) {
      const { localName, write } = fields[n] as FieldWriter;
      write(to, message[localName]);
    }
  };
}

function compileField(field: DescField): Write | undefined {
  if (field.oneof !== undefined || field.fieldKind === "map") return undefined;
  const value = compileValue(field);
  if (value === undefined) return undefined;
  const { wireType, write, isDefault } = value;
  const tag = (field.number << 3) | wireType;
  if (field.fieldKind === "list") {
    const isPacked = field.listKind !== "message" && field.packed;
    return isPacked ? packedList(field, write) : plainList(tag, write);
  }
  const hasPresence = field.presence !== FeatureSet_FieldPresence.IMPLICIT;
  return (to, given) => {
    if (hasPresence ? given === undefined : isDefault(given)) return;
    to.varint(tag);
    write(to, given);
  };
}

function plainList(tag: number, write: Write): Write {
  return (to, list: readonly never[]) => {
    for (let n = 0; n < list.length; n++) {
      to.varint(tag);
      write(to, list[n] as never);
    }
  };
}

function packedList({ number }: DescField, write: Write): Write {
  const tag = (number << 3) | WireType.LengthDelimited;
  return (to, list: readonly never[]) => {
    if (list.length === 0) return;
    to.varint(tag);
    const start = to.beginLength();
    for (let n = 0; n < list.length; n++) write(to, list[n] as never);
    to.endLength(start);
  };
}

interface ValueWriter {
  readonly wireType: WireType;
  readonly write: Write;
  /** Whether a field without presence is left out with this value. */
  readonly isDefault: (value: unknown) => boolean;
}

function compileValue(field: DescField): ValueWriter | undefined {
  if (field.message !== undefined) {
    return field.delimitedEncoding ? undefined : messageValue(field.message);
  }
  if (field.enum !== undefined) return int32Value;
  switch (field.scalar) {
    case ScalarType.STRING:
      return stringValue;
    case ScalarType.BOOL:
      return boolValue;
    case ScalarType.INT32:
      return int32Value;
    case ScalarType.INT64:
      return int64Value;
    default:
      return undefined;
  }
}

function messageValue(desc: DescMessage): ValueWriter | undefined {
  const writeFields = compileMessage(desc);
  if (writeFields === undefined) return undefined;
  return {
    wireType: WireType.LengthDelimited,
    isDefault: (value) => value === undefined,
    write(to, message) {
      const start = to.beginLength();
      writeFields(to, message);
      to.endLength(start);
    },
  };
}

const stringValue: ValueWriter = {
  wireType: WireType.LengthDelimited,
  isDefault: (value) => value === "",
  write: (to, text) => to.text(text),
};
const boolValue: ValueWriter = {
  wireType: WireType.Varint,
  isDefault: (value) => value === false,
  write: (to, value) => to.varint(value ? 1 : 0),
};
const int32Value: ValueWriter = {
  wireType: WireType.Varint,
  isDefault: (value) => value === 0,
  write: (to, value) => to.int32(value),
};
const int64Value: ValueWriter = {
  wireType: WireType.Varint,
  isDefault: (value) => value === 0n,
  write: (to, value) => to.int64(value),
};
