import type { ContextValues, HandlerContext, MethodImplSpec } from "@connectrpc/connect";
import { createContextValues } from "@connectrpc/connect";
import type { Call } from "./call.ts";
import { callKey } from "./call.ts";
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

/**
 * Makes what Connect's interface asks for when it is asked for. A class: V8 makes getters of object literals
 * in its old generation, where they keep what they see until a major garbage collection.
 */
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
