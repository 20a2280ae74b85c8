import type { IncomingHttpHeaders } from "node:http";
import type { Attributes, Context, Tracer } from "@opentelemetry/api";
import {
  createTraceState,
  isSpanContextValid,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
} from "@opentelemetry/api";
import { parseTraceParent } from "@opentelemetry/core";
import type { Fault, GrpcCode } from "../../errors.ts";
import { CallTrace } from "./call-trace.ts";
import { spanTime } from "./clock.ts";

/** The part of a call that its span is made from. */
export interface TracedCall {
  /** Such as `contact.v1.ContactService/SyncContacts`, or `unknown`. */
  readonly method: string;
  readonly protocol: "grpc" | "grpc-web" | "connect" | "rest";
  readonly requestId: string;
  /** In milliseconds of `performance.now()`. */
  readonly startedAt: number;
  readonly fault: Fault | undefined;
  readonly http: { readonly method: string; readonly route: string } | undefined;
}

/** Codes that mean an error of the server, by the semantic conventions of gRPC. */
const serverErrors: ReadonlySet<GrpcCode> = new Set([
  "DEADLINE_EXCEEDED",
  "UNIMPLEMENTED",
  "INTERNAL",
  "UNAVAILABLE",
]);

export interface CallSpans {
  begin(call: TracedCall, headers: IncomingHttpHeaders): CallTrace;
  end(call: TracedCall, callTrace: CallTrace): void;
}

export interface CallSpansOptions {
  readonly tracer: Tracer;
  /** Whether calls continue the traces of their callers. */
  readonly readsParent: boolean;
}

/** One span for each call, from its headers to the end of its response. */
export function createCallSpans({ tracer, readsParent }: CallSpansOptions): CallSpans {
  return {
    begin(call, headers) {
      const { name, attributes } =
        call.protocol === "rest" ? describeHttp(call) : describeRpc(call);
      const span = tracer.startSpan(
        name,
        {
          kind: SpanKind.SERVER,
          startTime: spanTime(call.startedAt),
          attributes: { ...attributes, "kith.request_id": call.requestId },
        },
        readsParent ? parentOf(headers) : ROOT_CONTEXT,
      );
      return new CallTrace(span);
    },
    end({ protocol, fault }, { span }) {
      const isRest = protocol === "rest";
      if (isRest) span.setAttribute("http.response.status_code", fault?.row.http ?? 200);
      else span.setAttribute("rpc.response.status_code", fault?.row.grpc ?? "OK");
      if (fault !== undefined) {
        span.setAttribute("error.type", fault.reason);
        const isServerError = isRest ? fault.row.http >= 500 : serverErrors.has(fault.row.grpc);
        if (isServerError) span.setStatus({ code: SpanStatusCode.ERROR });
      }
      span.end(spanTime(performance.now()));
    },
  };
}

interface Described {
  readonly name: string;
  readonly attributes: Attributes;
}

/** By the semantic conventions of RPC. */
function describeRpc({ method, protocol }: TracedCall): Described {
  const system = protocol === "connect" ? "connectrpc" : "grpc";
  return { name: method, attributes: { "rpc.system.name": system, "rpc.method": method } };
}

/** By the semantic conventions of HTTP. */
function describeHttp({ method, http }: TracedCall): Described {
  return {
    name: `${http?.method} ${http?.route}`,
    attributes: {
      "http.request.method": http?.method,
      "http.route": http?.route,
      "rpc.method": method,
    },
  };
}

/** The caller's span, by the headers of W3C Trace Context. A header that is not valid is ignored. */
function parentOf({ traceparent, tracestate }: IncomingHttpHeaders): Context {
  const parent = typeof traceparent === "string" ? parseTraceParent(traceparent) : null;
  if (parent === null || !isSpanContextValid(parent)) return ROOT_CONTEXT;
  parent.isRemote = true;
  if (tracestate !== undefined) parent.traceState = createTraceState(String(tracestate));
  return trace.setSpanContext(ROOT_CONTEXT, parent);
}
