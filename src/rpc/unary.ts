import type { Message } from "@bufbuild/protobuf";
import { create } from "@bufbuild/protobuf";
import type {
  HandlerContext,
  Interceptor,
  MethodImplSpec,
  UnaryRequest,
  UnaryResponse,
} from "@connectrpc/connect";
import { createContextValues } from "@connectrpc/connect";
import type { Call } from "./call.ts";
import { callKey, callOf } from "./call.ts";

export type UnarySpec = MethodImplSpec & { kind: "unary" };

export interface UnaryContextOptions {
  readonly spec: UnarySpec;
  readonly call: Call;
  readonly protocolName: string;
  readonly url: string;
  /** Made when it is first asked for: calls that succeed seldom need it. */
  readonly requestHeader: () => Headers;
  readonly signal: AbortSignal;
  /** Milliseconds left of the deadline that the caller set; undefined where it set none. */
  readonly timeoutMs: () => number | undefined;
}

/** The context of a call that does not come through Connect's own handlers. */
export function createUnaryContext(options: UnaryContextOptions): HandlerContext {
  const { spec, call, protocolName, url, signal, timeoutMs } = options;
  const made: Record<string, Headers> = {};
  return {
    service: spec.method.parent,
    method: spec.method,
    protocolName,
    requestMethod: "POST",
    url,
    get requestHeader() {
      made.request ??= options.requestHeader();
      return made.request;
    },
    get responseHeader() {
      made.response ??= new Headers();
      return made.response;
    },
    get responseTrailer() {
      made.trailer ??= new Headers();
      return made.trailer;
    },
    signal,
    timeoutMs,
    values: createContextValues().set(callKey, call),
  };
}

/** Runs the implementation of one RPC behind the interceptors, and returns its answer. */
export type InvokeUnary = (context: HandlerContext, message: Message) => Promise<Message>;

/**
 * Builds the chain of interceptors and implementation once. Connect's own handlers build it anew for
 * every call.
 */
export function createUnaryInvoker(
  spec: UnarySpec,
  interceptors: readonly Interceptor[],
): InvokeUnary {
  const { method, impl } = spec;
  const { parent: service } = method;

  async function implementation(req: UnaryRequest): Promise<UnaryResponse> {
    const { context } = callOf(req.contextValues);
    if (context === undefined) throw new Error("the call did not pass the gate");
    const message = create(method.output, await impl(req.message, context));
    return {
      stream: false,
      service,
      method,
      message,
      get header() {
        return context.responseHeader;
      },
      get trailer() {
        return context.responseTrailer;
      },
    };
  }

  const chain = interceptors.reduceRight<UnaryFn>(
    (next, interceptor) => interceptor(next as never) as UnaryFn,
    implementation,
  );
  return async (context, message) => {
    const { requestMethod, url, signal, values: contextValues } = context;
    const response = await chain({
      stream: false,
      service,
      method,
      message,
      requestMethod,
      url,
      signal,
      contextValues,
      get header() {
        return context.requestHeader;
      },
    });
    return response.message;
  };
}

type UnaryFn = (req: UnaryRequest) => Promise<UnaryResponse>;
