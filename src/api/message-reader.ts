import type { DescMessage, Message } from "@bufbuild/protobuf";
import { fromBinary } from "@bufbuild/protobuf";
import { Fault, fault } from "../errors.ts";
import { compileBinaryScan } from "./binary-scan.ts";
import type { FieldRulesOptions } from "./field-rules.ts";
import type { JsonDecoder } from "./json-decoder.ts";
import { compileJsonDecoder, isObject } from "./json-decoder.ts";
import type { JsonScan } from "./json-scan.ts";
import { compileJsonScan } from "./json-scan.ts";
import { compileMessageRules } from "./message-rules.ts";
import { listLimitsOf, maxValues } from "./value-limit.ts";
import { faultOf } from "./violation.ts";

/**
 * Reads the request messages of one RPC. Each message that it returns satisfies the rules of its proto. The
 * values of a message are counted before objects are made for them, so the time to read it is limited.
 */
export interface MessageReader {
  /**
   * @throws Fault BODY_UNREADABLE, BODY_TOO_MANY_VALUES, or a parameter fault of the first field that
   *   violates a rule
   */
  fromBinary(bytes: Buffer): Message;
  /** Reads ProtoJSON. @throws as `fromBinary`, and Fault BODY_NOT_OBJECT */
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
  const lists = listLimitsOf(desc, rules);
  const scanBinary = compileBinaryScan(desc, lists);
  const scanJson = compileJsonScan(lists);
  const decodeJson = compileJsonDecoder(desc, { ...rules, isRest: false });
  const decodeRestJson = compileJsonDecoder(desc, { ...rules, isRest: true });

  return {
    fromBinary(bytes) {
      const message = parse("protobuf", () => {
        if (mayHaveTooManyValues(bytes)) scanBinary(bytes);
        return readBinary(bytes) ?? fromBinary(desc, bytes, { readUnknownFields: false });
      });
      const violation = findViolation(message);
      if (violation !== undefined) throw faultOf(violation);
      return message;
    },
    fromJson: (bytes) => readJson(bytes, scanJson, decodeJson),
    fromRestJson: (bytes) => readJson(bytes, scanJson, decodeRestJson),
  };
}

function readJson(bytes: Buffer, scan: JsonScan, decode: JsonDecoder): Message {
  if (mayHaveTooManyValues(bytes)) scan(bytes);
  const json: unknown = parse("JSON", () => JSON.parse(utf8.decode(bytes)));
  if (!isObject(json)) throw fault("BODY_NOT_OBJECT");
  const { message, violation } = decode(json);
  if (violation !== undefined) throw faultOf(violation);
  return message;
}

/** Every value takes at least one byte, so most messages need not be scanned. */
function mayHaveTooManyValues({ length }: Buffer): boolean {
  return length > maxValues;
}

function parse<T>(format: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (cause instanceof Fault) throw cause;
    throw fault("BODY_UNREADABLE", { format }, { cause });
  }
}
