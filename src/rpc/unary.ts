import type { Message } from "@bufbuild/protobuf";
import { create } from "@bufbuild/protobuf";
import type {
  ContextValues,
  HandlerContext,
  Interceptor,
  MethodImplSpec,
  UnaryRequest,
  UnaryResponse,
} from "@connectrpc/connect";
import { createContextValues } from "@connectrpc/connect";
import type { Call } from "./call.ts";
import { callKey, callOf } from "./call.ts";
import type { Cancellation } from "./cancellation.ts";

export type UnarySpec = MethodImplSpec & { kind: "unary" };

export interface UnaryContextOptions {
  readonly spec: UnarySpec;
  readonly call: Call;
  readonly protocolName: string;
  readonly url: string;
  /** Made when it is first asked for: calls that succeed seldom need it. */
  readonly requestHeader: () => Headers;
  readonly cancellation: Cancellation;
  /** Milliseconds left of the deadline that the caller set; undefined where it set none. */
  readonly timeoutMs: () => number | undefined;
}

/** The context of a call that does not come through Connect's own handlers. */
export function createUnaryContext(options: UnaryContextOptions): HandlerContext {
  options.call.cancellation = options.cancellation;
  return new UnaryContext(options);
}

/** Makes what Connect's interface asks for when it is asked for. */
class UnaryContext implements HandlerContext {
  readonly requestMethod = "POST";
  readonly values: ContextValues;
  readonly #options: UnaryContextOptions;
  #requestHeader: Headers | undefined;
  #responseHeader: Headers | undefined;
  #responseTrailer: Headers | undefined;

  constructor(options: UnaryContextOptions) {
    this.#options = options;
    this.values = createContextValues().set(callKey, options.call);
  }

  get service() {
    return this.#options.spec.method.parent;
  }

  get method() {
    return this.#options.spec.method;
  }

  get protocolName() {
    return this.#options.protocolName;
  }

  get url() {
    return this.#options.url;
  }

  get signal() {
    return this.#options.cancellation.signal;
  }

  get timeoutMs() {
    return this.#options.timeoutMs;
  }

  get requestHeader() {
    this.#requestHeader ??= this.#options.requestHeader();
    return this.#requestHeader;
  }

  get responseHeader() {
    this.#responseHeader ??= new Headers();
    return this.#responseHeader;
  }

  get responseTrailer() {
    this.#responseTrailer ??= new Headers();
    return this.#responseTrailer;
  }
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
    const { requestMethod, url, values: contextValues } = context;
    const response = await chain({
      stream: false,
      service,
      method,
      message,
      requestMethod,
      url,
      get signal() {
        return context.signal;
      },
      contextValues,
      get header() {
        return context.requestHeader;
      },
    });
    return response.message;
  };
}

type UnaryFn = (req: UnaryRequest) => Promise<UnaryResponse>;
