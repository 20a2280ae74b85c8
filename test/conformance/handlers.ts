import { setTimeout as sleep } from "node:timers/promises";
import type { DescService, Message } from "@bufbuild/protobuf";
import { create } from "@bufbuild/protobuf";
import type { Any } from "@bufbuild/protobuf/wkt";
import { anyPack } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import type { Fault } from "../../src/errors.ts";
import { fault } from "../../src/errors.ts";
import { parseCallerTimeout } from "../../src/transport/timeout.ts";
import type { Exchange, Metadata } from "./exchange.ts";

/** The messages of the suite, as far as the handlers use them. Their code is not generated. */
export interface ConformanceRequest extends Message {
  readonly responseDefinition?: ResponseDefinition;
  readonly fullDuplex?: boolean;
}

interface ResponseDefinition {
  readonly responseHeaders: readonly Header[];
  readonly responseTrailers: readonly Header[];
  readonly responseDelayMs: number;
  /** Unary calls only. */
  readonly response?:
    | { readonly case: "responseData"; readonly value: Uint8Array }
    | { readonly case: "error"; readonly value: ErrorDefinition }
    | { readonly case: undefined };
  /** Streams only. */
  readonly responseData?: readonly Uint8Array[];
  readonly error?: ErrorDefinition;
}

interface ErrorDefinition {
  readonly code: Code;
  readonly message?: string;
  readonly details: readonly Any[];
}

interface Header {
  readonly name: string;
  readonly value: readonly string[];
}

/** The behaviour that the suite defines for its service: each request says how to respond to it. */
export function createConformanceHandlers(service: DescService) {
  const { unary } = service.method;
  const payloadDesc = unary?.output.field.payload?.message;
  const infoDesc = payloadDesc?.field.requestInfo?.message;
  if (unary === undefined || infoDesc === undefined) throw new Error("not the suite's service");
  const descs = new Map(service.methods.map(({ input }) => [input.typeName, input]));

  function infoOf(requests: readonly ConformanceRequest[], exchange?: Exchange): Message {
    const { requestHeaders = {} } = exchange ?? {};
    const headers = Object.entries(requestHeaders).filter(([name]) => !name.startsWith(":"));
    const init = {
      requestHeaders: headers.map(([name, value]) => ({ name, value: [value].flat() })),
      requests: requests.map((request) => pack(descs.get(request.$typeName), request)),
      timeoutMs: timeoutOf(requestHeaders),
    };
    return create(infoDesc as never, init as never);
  }

  /** The error that a request asks for. Kith returns its code, its text, and its details unchanged. */
  function faultOf(error: ErrorDefinition, trailers: Metadata, info?: Message): Fault {
    const { code, message, details } = error;
    const raised = new ConnectError(message ?? "", code, toHeaders(trailers));
    const all = info === undefined ? details : [...details, pack(infoDesc, info)];
    raised.details = all.map(({ typeUrl, value }) => ({
      type: typeUrl.slice(typeUrl.lastIndexOf("/") + 1),
      value,
    }));
    return fault("INTERNAL", {}, { cause: raised });
  }

  return {
    async unary(request: ConformanceRequest, exchange: Exchange) {
      const { responseDefinition: definition } = request;
      const requestInfo = infoOf([request], exchange);
      if (definition === undefined) return { payload: { requestInfo } };
      const { response, responseDelayMs } = definition;
      const trailers = toMetadata(definition.responseTrailers);
      exchange.setHeaders(toMetadata(definition.responseHeaders));
      await sleep(responseDelayMs);
      if (response?.case === "error") {
        if (isConnectUnary(exchange)) exchange.setTrailers(trailers);
        throw faultOf(response.value, trailers, requestInfo);
      }
      exchange.setTrailers(trailers);
      const data = response?.case === "responseData" ? response.value : undefined;
      return { payload: { requestInfo, ...(data && { data }) } };
    },

    async *stream(requests: AsyncIterable<ConformanceRequest>, exchange: Exchange) {
      let definition: ResponseDefinition | undefined;
      let isFullDuplex: boolean | undefined;
      let unreported: ConformanceRequest[] = [];
      let sent = 0;
      const respond = async (data: Uint8Array) => {
        await sleep(definition?.responseDelayMs);
        const requestInfo = infoOf(unreported, sent === 0 ? exchange : undefined);
        unreported = [];
        sent += 1;
        return { payload: { data, requestInfo } };
      };
      for await (const request of requests) {
        definition ??= request.responseDefinition;
        if (unreported.length === 0 && sent === 0) begin(exchange, definition);
        unreported.push(request);
        const data = definition?.responseData?.[sent];
        isFullDuplex ??= request.fullDuplex === true;
        if (!isFullDuplex) continue;
        if (data === undefined) break;
        yield respond(data);
      }
      for (const data of definition?.responseData?.slice(sent) ?? []) yield respond(data);
      if (definition?.error === undefined) return;
      const info = sent === 0 ? infoOf(unreported, exchange) : undefined;
      throw faultOf(definition.error, toMetadata(definition.responseTrailers), info);
    },

    async unimplemented(): Promise<never> {
      throw faultOf({ code: Code.Unimplemented, details: [] }, []);
    },
  };
}

function begin(exchange: Exchange, definition: ResponseDefinition | undefined): void {
  if (definition === undefined) return;
  exchange.setHeaders(toMetadata(definition.responseHeaders));
  // The trailers of an error come with the error.
  if (definition.error === undefined) exchange.setTrailers(toMetadata(definition.responseTrailers));
}

function isConnectUnary({ requestHeaders }: Exchange): boolean {
  return /^application\/(json|proto)/.test(requestHeaders["content-type"] ?? "");
}

function timeoutOf(headers: Exchange["requestHeaders"]): bigint | undefined {
  for (const name of ["grpc-timeout", "connect-timeout-ms"] as const) {
    const { timeoutMs } = parseCallerTimeout(name, headers[name]);
    if (timeoutMs !== undefined) return BigInt(Math.round(timeoutMs));
  }
  return undefined;
}

function pack(desc: unknown, message: Message): Any {
  return anyPack(desc as never, message as never);
}

function toMetadata(headers: readonly Header[]): Metadata {
  return headers.map(({ name, value }) => [name, value]);
}

function toHeaders(metadata: Metadata): Headers {
  const headers = new Headers();
  for (const [name, values] of metadata) for (const value of values) headers.append(name, value);
  return headers;
}
