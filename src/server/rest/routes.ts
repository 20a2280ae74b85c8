import type { DescMethod } from "@bufbuild/protobuf";
import { getOption, hasOption } from "@bufbuild/protobuf";
import type { Interceptor, MethodImplSpec, ServiceImplSpec } from "@connectrpc/connect";
import { http } from "../../gen/google/api/annotations_pb.ts";
import type { FieldRulesOptions } from "../../rpc/field-rules.ts";
import type { InvokeUnary } from "../../rpc/unary.ts";
import { createUnaryInvoker } from "../../rpc/unary.ts";
import type { UnarySpec } from "../../rpc/unary-context.ts";
import type { MessageDecoder } from "./decode.ts";
import { compileDecoder } from "./decode.ts";
import type { MessageEncoder } from "./encode.ts";
import { compileEncoder } from "./encode.ts";

/** A unary RPC that REST callers reach by a path of its own. */
export interface Route {
  readonly spec: UnarySpec;
  /** As in `contact.v1.ContactService/SyncContacts`. */
  readonly method: string;
  readonly invoke: InvokeUnary;
  readonly decode: MessageDecoder;
  readonly encode: MessageEncoder;
}

export interface RoutesOptions {
  readonly service: ServiceImplSpec;
  readonly interceptors: readonly Interceptor[];
  readonly rules: FieldRulesOptions;
}

/**
 * The REST routes of a service, by path: one for each method with a `google.api.http` option. The
 * whole request message is the body, so only `post` with `body: "*"` is supported.
 *
 * @throws Error when an option, or a field of a message, is of a kind that is not supported
 */
export function compileRoutes(options: RoutesOptions): ReadonlyMap<string, Route> {
  const routed = Object.values(options.service.methods).filter(({ method }) =>
    hasOption(method, http),
  );
  return new Map(routed.map((spec) => [postPath(spec.method), compileRoute(spec, options)]));
}

function compileRoute(spec: MethodImplSpec, { interceptors, rules }: RoutesOptions): Route {
  if (spec.kind !== "unary") throw new Error(`${spec.method.name}: REST serves unary calls only`);
  const { method } = spec;
  return {
    spec,
    method: methodName(method),
    invoke: createUnaryInvoker(spec, interceptors),
    decode: compileDecoder(method.input, rules),
    encode: compileEncoder(method.output),
  };
}

export function methodName(method: DescMethod): string {
  return `${method.parent.typeName}/${method.name}`;
}

function postPath(method: DescMethod): string {
  const { pattern, body } = getOption(method, http);
  if (pattern.case !== "post" || body !== "*" || pattern.value.includes("{")) {
    throw new Error(`${method.name}: REST supports post without parameters in its path, body "*"`);
  }
  return pattern.value;
}
