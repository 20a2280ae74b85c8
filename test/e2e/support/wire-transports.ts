import { request } from "node:http";
import { status as grpcStatus } from "@grpc/grpc-js";
import { within } from "../../support/raw.ts";
import { encodeSync, entry, restPath, rpcPath } from "./calls.ts";
import { exchangeHttp2, grpcFrame, openHttp2 } from "./http2.ts";

/** A sync over a transport, as bytes. */
export interface WireRequest {
  readonly port: number;
  /** The value of the Server-Key header. If absent, the header is not sent. */
  readonly header?: string;
  /** Whether the request ends. If not, it has headers and no body. Default: true. */
  readonly hasBody?: boolean;
}

export interface WireAnswer {
  /**
   * `OK`, the gRPC status of RPC protocols, such as `INTERNAL`, or the code of REST, such as `50000`. Absent if
   * there is no complete response.
   */
  readonly code: string | undefined;
  /** The headers, the body and the trailers, as text. */
  readonly text: string;
}

/** A form of a request that the service handles in code of its own. */
export interface WireTransport {
  readonly name: string;
  readonly protocol: "grpc" | "connect" | "rest";
  send(request: WireRequest): Promise<WireAnswer>;
}

interface Form {
  readonly protocol: WireTransport["protocol"];
  readonly path: string;
  readonly type: string;
  readonly body: Buffer;
}

const message = encodeSync(["a", "b"]);
const grpc = { protocol: "grpc", path: rpcPath, body: grpcFrame(message) } as const;
const fastGrpc: Form = { ...grpc, type: "application/grpc" };
// The fast path serves the content type in lower case only. The Connect adapter serves it in any case.
const adapterGrpc: Form = { ...grpc, type: "Application/GRPC" };
const grpcWeb: Form = { ...grpc, type: "application/grpc-web+proto" };
const connect: Form = {
  protocol: "connect",
  path: rpcPath,
  type: "application/proto",
  body: message,
};
const rest: Form = {
  protocol: "rest",
  path: restPath,
  type: "application/json",
  body: Buffer.from(JSON.stringify({ contacts: [entry("a", "b")] })),
};

/** Every transport, and for each of them the versions of HTTP. */
export const wireTransports: readonly WireTransport[] = [
  overHttp2("gRPC (fast path)", fastGrpc),
  overHttp2("gRPC (Connect adapter) over HTTP/2", adapterGrpc),
  overHttp1("gRPC (Connect adapter) over HTTP/1.1", fastGrpc),
  overHttp2("gRPC-Web over HTTP/2", grpcWeb),
  overHttp1("gRPC-Web over HTTP/1.1", grpcWeb),
  overHttp2("Connect over HTTP/2", connect),
  overHttp1("Connect over HTTP/1.1", connect),
  overHttp2("REST over HTTP/2", rest),
  overHttp1("REST over HTTP/1.1", rest),
];

function overHttp2(name: string, form: Form): WireTransport {
  return {
    name,
    protocol: form.protocol,
    async send({ port, header, hasBody = true }) {
      using session = openHttp2(port);
      const headers = { ":path": form.path, te: "trailers", ...headersOf(form, header) };
      const exchange = hasBody ? { headers, body: form.body } : { headers, end: false };
      const answer = await exchangeHttp2(session, exchange);
      const text = `${linesOf(answer.headers)}\n${answer.body}\n${linesOf(answer.trailers)}`;
      return { code: codeOf(form, text, answer.body), text };
    },
  };
}

function overHttp1(name: string, form: Form): WireTransport {
  return {
    name,
    protocol: form.protocol,
    async send({ port, header, hasBody = true }) {
      const { path } = form;
      const headers = { ...headersOf(form, header), "content-length": form.body.length };
      const options = { host: "127.0.0.1", port, method: "POST", path, headers, agent: false };
      const sent = request(options).on("error", () => {});
      const chunks: Buffer[] = [];
      let lines = "";
      await within("no response", (done) => {
        sent.once("close", done);
        sent.once("response", (received) => {
          received.on("error", () => {});
          received.on("data", (chunk) => chunks.push(chunk));
          received.on("end", () => {
            lines = linesOf({ ...received.headers, ...received.trailers });
            done();
          });
        });
        if (hasBody) sent.end(form.body);
        else sent.flushHeaders();
      });
      sent.destroy();
      const body = Buffer.concat(chunks);
      const text = `${lines}\n${body}`;
      return { code: codeOf(form, text, body), text };
    },
  };
}

function headersOf({ type }: Form, header: string | undefined): Record<string, string> {
  return { "content-type": type, ...(header !== undefined && { "server-key": header }) };
}

function linesOf(headers: object): string {
  return Object.entries(headers)
    .map(([name, value]) => `${name}: ${value}`)
    .join("\n");
}

function codeOf({ protocol }: Form, text: string, body: Buffer): string | undefined {
  if (protocol === "grpc") return grpcStatus[Number(/grpc-status: ?(\d+)/i.exec(text)?.[1])];
  if (text.trim() === "") return undefined;
  const json = body.toString().startsWith("{") ? JSON.parse(body.toString()) : {};
  return (protocol === "rest" ? json.error.code : json.code?.toUpperCase()) || "OK";
}
