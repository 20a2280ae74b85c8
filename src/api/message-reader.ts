import type { DescMessage, Message } from "@bufbuild/protobuf";
import { fromBinary } from "@bufbuild/protobuf";
import { fault } from "../errors.ts";
import type { FieldRulesOptions } from "./field-rules.ts";
import type { JsonDecoder } from "./json-decoder.ts";
import { compileJsonDecoder, isObject } from "./json-decoder.ts";
import { compileMessageRules } from "./message-rules.ts";
import { faultOf } from "./violation.ts";

/** Reads the request messages of one RPC. Each message that it returns satisfies the rules of its proto. */
export interface MessageReader {
  /** @throws Fault BODY_UNREADABLE, or a parameter fault of the first field that violates a rule */
  fromBinary(bytes: Buffer): Message;
  /** Reads ProtoJSON. @throws Fault BODY_UNREADABLE, BODY_NOT_OBJECT, or such a parameter fault */
  fromJson(bytes: Buffer): Message;
  /** Reads the JSON of REST, in which some lists are required. @throws as `fromJson` */
  fromRestJson(bytes: Buffer): Message;
}

/** Reads a protobuf message. Returns undefined for messages that it leaves to the library. */
export type ReadBinary = (bytes: Buffer) => Message | undefined;

export interface MessageReaderOptions {
  readonly desc: DescMessage;
  readonly rules: FieldRulesOptions;
  readonly readBinary?: ReadBinary | undefined;
}

const utf8 = new TextDecoder("utf-8", { fatal: true });

export function createMessageReader(options: MessageReaderOptions): MessageReader {
  const { desc, rules, readBinary = () => undefined } = options;
  const findViolation = compileMessageRules(desc, rules);
  const decodeJson = compileJsonDecoder(desc, { ...rules, isRest: false });
  const decodeRestJson = compileJsonDecoder(desc, { ...rules, isRest: true });

  return {
    fromBinary(bytes) {
      const message = parse("protobuf", () => readBinary(bytes) ?? fromBinary(desc, bytes));
      const violation = findViolation(message);
      if (violation !== undefined) throw faultOf(violation);
      return message;
    },
    fromJson: (bytes) => readJson(bytes, decodeJson),
    fromRestJson: (bytes) => readJson(bytes, decodeRestJson),
  };
}

function readJson(bytes: Buffer, decode: JsonDecoder): Message {
  const json: unknown = parse("JSON", () => JSON.parse(utf8.decode(bytes)));
  if (!isObject(json)) throw fault("BODY_NOT_OBJECT");
  const { message, violation } = decode(json);
  if (violation !== undefined) throw faultOf(violation);
  return message;
}

function parse<T>(format: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    throw fault("BODY_UNREADABLE", { format }, { cause });
  }
}
