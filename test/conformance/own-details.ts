import type { ServerResponse } from "node:http";
import type { OutgoingHttpHeaders, ServerHttp2Stream } from "node:http2";
import { fromBinary } from "@bufbuild/protobuf";
import { StatusSchema } from "../../src/gen/google/rpc/status_pb.ts";

/**
 * Every error of Kith itself has a `google.rpc.ErrorInfo`. The protocols permit that, but the suite
 * expects no details that it has not asked for. These functions remove them from responses.
 */
const errorInfo = "google.rpc.ErrorInfo";
const detailsHeader = "grpc-status-details-bin";

export function removeOwnDetailsOnStream(stream: ServerHttp2Stream): void {
  const respond = stream.respond.bind(stream);
  stream.respond = (headers = {}, options) => {
    const { [detailsHeader]: details, ...others } = toRecord(headers as HeaderFields);
    const isOwn = details !== undefined && hasErrorInfo(details);
    respond(isOwn ? others : (headers as OutgoingHttpHeaders), options);
  };
}

export function removeOwnDetailsOverHttp(res: ServerResponse): void {
  const setHeader = res.setHeader.bind(res);
  res.setHeader = (name, value) =>
    name === detailsHeader && hasErrorInfo(String(value)) ? res : setHeader(name, value);
  const writeHead = res.writeHead.bind(res) as (status: number, headers: object) => ServerResponse;
  const end = res.end.bind(res) as (...body: unknown[]) => ServerResponse;
  Object.assign(res, {
    writeHead(status: number, headers: HeaderFields = {}) {
      // The body may become shorter.
      const { "Content-Length": _, ...others } = toRecord(headers);
      return writeHead(status, others);
    },
    end: (body?: unknown) =>
      typeof body === "string" ? end(withoutErrorInfo(body)) : body ? end(body) : end(),
  });
}

/** The headers of a response in one of the forms of Node: by name, or names and values one after another. */
export type HeaderFields = Readonly<Record<string, string>> | readonly string[];

export function toRecord(headers: HeaderFields): Readonly<Record<string, string>> {
  if (!isList(headers)) return headers;
  const pairs = headers.flatMap((name, n) => (n % 2 === 0 ? [[name, headers[n + 1] ?? ""]] : []));
  return Object.fromEntries(pairs);
}

function isList(headers: HeaderFields): headers is readonly string[] {
  return Array.isArray(headers);
}

function withoutErrorInfo(body: string): string {
  const { details, ...error } = JSON.parse(body);
  if (!Array.isArray(details)) return body;
  const others = details.filter(({ type }) => type !== errorInfo);
  return JSON.stringify(others.length === 0 ? error : { ...error, details: others });
}

function hasErrorInfo(header: string): boolean {
  const { details } = fromBinary(StatusSchema, Buffer.from(header, "base64"));
  return details.some(({ typeUrl }) => typeUrl.endsWith(`/${errorInfo}`));
}
