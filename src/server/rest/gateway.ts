import type { IncomingMessage, ServerResponse } from "node:http";
import type { Message } from "@bufbuild/protobuf";
import type { Interceptor, ServiceImplSpec } from "@connectrpc/connect";
import { fault } from "../../errors.ts";
import type { Auth } from "../../rpc/auth.ts";
import { toFault } from "../../rpc/connect-error.ts";
import type { FieldRulesOptions } from "../../rpc/field-rules.ts";
import { createUnaryContext } from "../../rpc/unary-context.ts";
import { faultOf } from "../../rpc/violation.ts";
import type { Exchange } from "../exchange.ts";
import { webHeaders } from "../web-headers.ts";
import { checkBodyHeaders, readJsonBody } from "./body.ts";
import { sendData, sendFault } from "./envelope.ts";
import type { Route } from "./routes.ts";
import { compileRoutes } from "./routes.ts";

export interface RestGatewayOptions {
  readonly service: ServiceImplSpec;
  readonly auth: Auth;
  readonly interceptors: Interceptor[];
  readonly rules: FieldRulesOptions;
  readonly maxBodyBytes: number;
}

export interface RestGateway {
  /** The route of a path, if it is one of REST's. */
  route(path: string): Route | undefined;
  /** Answers the request, always: with the documented envelope, whatever happens. */
  handle(
    route: Route,
    req: IncomingMessage,
    res: ServerResponse,
    exchange: Exchange,
  ): Promise<void>;
}

/**
 * Serves RPCs as JSON over HTTP: the body becomes the request message, passes the interceptors and the
 * implementation that gRPC calls pass, and the answer is put into the documented envelope.
 *
 * Order of checks (contract): path, method, Server-Key, size and type of the body, JSON, parameters.
 */
export function createRestGateway(options: RestGatewayOptions): RestGateway {
  const { service, auth, interceptors, rules, maxBodyBytes } = options;
  const routes = compileRoutes({ service, interceptors, rules });

  async function call(route: Route, req: IncomingMessage, exchange: Exchange): Promise<Message> {
    if (req.method !== "POST") throw fault("METHOD_NOT_ALLOWED");
    const { call, cancellation } = exchange;
    const { spec, invoke } = route;
    const context = createUnaryContext({
      spec,
      call,
      protocolName: "rest",
      url: req.url ?? "",
      requestHeader: () => webHeaders(req.headers),
      cancellation,
      timeoutMs: () => undefined,
    });
    await auth.gate(context);
    checkBodyHeaders(req, maxBodyBytes);
    const json = await readJsonBody(req, { maxBytes: maxBodyBytes, cancellation });
    const { message, broken } = route.decode(json);
    if (broken !== undefined) throw faultOf(broken);
    call.validated = true;
    return invoke(context, message);
  }

  return {
    route: (path) => routes.get(path),
    async handle(route, req, res, exchange) {
      try {
        const output = await call(route, req, exchange);
        sendData(res, route.encode(output));
      } catch (error) {
        // The gate and the interceptors have recorded the fault already; their error is for gRPC.
        exchange.call.fault ??= toFault(error);
        if (exchange.call.fault.reason === "METHOD_NOT_ALLOWED") res.setHeader("Allow", "POST");
        sendFault(res, exchange.call.fault);
      }
    },
  };
}
