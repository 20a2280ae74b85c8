import type {
  DescMethod,
  DescMethodServerStreaming,
  DescMethodStreaming,
  DescMethodUnary,
  DescService,
  Message,
  MessageInitShape,
  MessageShape,
} from "@bufbuild/protobuf";
import { create } from "@bufbuild/protobuf";
import type { Fault } from "../errors.ts";
import type { Call } from "./call.ts";
import type { FieldRulesOptions } from "./field-rules.ts";
import type { MessageReader, ReadBinary } from "./message-reader.ts";
import { createMessageReader } from "./message-reader.ts";

/** Reads the request message of a call, or throws. It is not called if an interceptor rejects the call. */
export type ReadMessage = (beforeDecode?: BeforeDecode) => Promise<Message>;

/** Called before a large message is decoded, which may be long after its headers. It throws to reject the call. */
export type BeforeDecode = () => void;

/**
 * Runs a unary call. The transport records the error if the promise rejects.
 *
 * @returns a fault, and no promise, if the call is rejected on its headers: a promise that rejects, or to throw,
 *   would take longer than the rest of the rejection
 */
export type RunCall = (call: Call, readMessage: ReadMessage) => Promise<Message> | Fault;

/** Wraps a step around every unary call. */
export type Interceptor = (next: RunCall) => RunCall;

/** The part of a unary RPC that a transport needs. */
export interface UnaryOperation {
  readonly kind: "unary";
  readonly method: DescMethodUnary;
  /** Such as `contact.v1.ContactService/SyncContacts`. */
  readonly name: string;
  readonly reader: MessageReader;
  /** Size limit of a request in bytes, if it is lower than that of the service. */
  readonly maxMessageBytes?: number | undefined;
  /** Runs a call through the interceptors and the handler. */
  readonly run: RunCall;
}

/** The part of a streaming RPC that a transport needs. Only services without authentication have such RPCs. */
export interface StreamOperation {
  readonly kind: "stream";
  readonly method: DescMethod;
  readonly name: string;
  /** Size limit of each request message in bytes, if it is lower than that of the service. */
  readonly maxMessageBytes?: number | undefined;
  readonly handle: (requests: never, call: Call) => AsyncIterable<unknown>;
}

export type Operation = UnaryOperation | StreamOperation;

/** The handlers of a service, by the local name of their method. */
export type Handlers<S extends DescService> = {
  [K in keyof S["method"]]: Handler<S["method"][K]>;
};

type Handler<M extends DescMethod> =
  M extends DescMethodUnary<infer I, infer O>
    ? (request: MessageShape<I>, call: Call) => Promise<MessageInitShape<O>>
    : M extends DescMethodServerStreaming<infer I, infer O>
      ? (request: MessageShape<I>, call: Call) => AsyncIterable<MessageInitShape<O>>
      : M extends DescMethodStreaming<infer I, infer O>
        ? (
            requests: AsyncIterable<MessageShape<I>>,
            call: Call,
          ) => AsyncIterable<MessageInitShape<O>>
        : never;

export interface OperationsOptions<S extends DescService> {
  readonly service: S;
  readonly handlers: Handlers<S>;
  /** The interceptors of the unary calls of the service. The first is the outermost. */
  readonly interceptors: readonly Interceptor[];
  /** Whether callers need no Server-Key. Only such a service can have streams: interceptors do not run for them. */
  readonly isOpen?: boolean;
  /** Size limit of a request message in bytes, if it is lower than that of the service. */
  readonly maxMessageBytes?: number;
  readonly rules: FieldRulesOptions;
  /** Faster readers of protobuf messages, by the local name of their method. */
  readonly binaryReaders?: { readonly [K in keyof S["method"]]?: ReadBinary };
}

/**
 * The operations of a service, one for each RPC.
 *
 * @throws Error if a request has a field or a constraint that is not supported, or if a service that needs
 *   a Server-Key has a stream
 */
export function createOperations<S extends DescService>(
  options: OperationsOptions<S>,
): readonly Operation[] {
  return options.service.methods.map((method) => createOperation(method, options));
}

/** Such as `contact.v1.ContactService/SyncContacts`. */
export function nameOf(method: DescMethod): string {
  return `${method.parent.typeName}/${method.name}`;
}

function createOperation<S extends DescService>(
  method: DescMethod,
  options: OperationsOptions<S>,
): Operation {
  const { handlers, interceptors, isOpen = false, maxMessageBytes, rules } = options;
  const name = nameOf(method);
  const handle: unknown = handlers[method.localName as keyof S["method"]];
  if (method.methodKind !== "unary") {
    if (!isOpen) throw new Error(`${name}: streams are not authenticated`);
    const handleStream = handle as StreamOperation["handle"];
    return { kind: "stream", method, name, maxMessageBytes, handle: handleStream };
  }
  const handleUnary = handle as (request: Message, call: Call) => Promise<MessageInitShape<never>>;
  const readBinary = options.binaryReaders?.[method.localName as keyof S["method"]];
  return {
    kind: "unary",
    method: method as DescMethodUnary,
    name,
    maxMessageBytes,
    reader: createMessageReader({ desc: method.input, rules, readBinary }),
    run: interceptors.reduceRight<RunCall>(
      (next, intercept) => intercept(next),
      async (call, readMessage) =>
        create(method.output, await handleUnary(await readMessage(), call)),
    ),
  };
}
