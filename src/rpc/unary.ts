import type { Message } from "@bufbuild/protobuf";
import { create } from "@bufbuild/protobuf";
import type { HandlerContext, Interceptor, UnaryRequest, UnaryResponse } from "@connectrpc/connect";
import { callOf } from "./call.ts";
import type { UnarySpec } from "./unary-context.ts";

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
  async function implementation(req: UnaryRequest): Promise<UnaryResponse> {
    const { context } = callOf(req.contextValues);
    if (context === undefined) throw new Error("the call did not pass the gate");
    return new ResponseSide(
      context,
      create(spec.method.output, await spec.impl(req.message, context)),
    );
  }

  const chain = interceptors.reduceRight<UnaryFn>(
    (next, interceptor) => interceptor(next as never) as UnaryFn,
    implementation,
  );
  return async (context, message) => (await chain(new RequestSide(context, message))).message;
}

type UnaryFn = (req: UnaryRequest) => Promise<UnaryResponse>;

/** What the two sides of a call have in common, as interceptors see them. */
class Side {
  readonly stream = false;
  readonly message: Message;
  protected readonly context: HandlerContext;

  constructor(context: HandlerContext, message: Message) {
    this.context = context;
    this.message = message;
  }

  get service() {
    return this.context.service;
  }

  get method() {
    return this.context.method as UnaryRequest["method"];
  }
}

class RequestSide extends Side implements UnaryRequest {
  get requestMethod() {
    return this.context.requestMethod;
  }

  get url() {
    return this.context.url;
  }

  get signal() {
    return this.context.signal;
  }

  get contextValues() {
    return this.context.values;
  }

  get header() {
    return this.context.requestHeader;
  }
}

class ResponseSide extends Side implements UnaryResponse {
  get header() {
    return this.context.responseHeader;
  }

  get trailer() {
    return this.context.responseTrailer;
  }
}
