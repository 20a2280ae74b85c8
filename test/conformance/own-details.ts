import type { ServerResponse } from "node:http";
import type { ServerHttp2Stream } from "node:http2";
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
    const { [detailsHeader]: details, ...others } = headers as Record<string, string>;
    const isOwn = details !== undefined && hasErrorInfo(details);
    respond(isOwn ? others : headers, options);
  };
}

export function removeOwnDetailsOverHttp(res: ServerResponse): void {
  const setHeader = res.setHeader.bind(res);
  res.setHeader = (name, value) =>
    name === detailsHeader && hasErrorInfo(String(value)) ? res : setHeader(name, value);
  const writeHead = res.writeHead.bind(res) as (status: number, headers: object) => ServerResponse;
  const end = res.end.bind(res) as (...body: unknown[]) => ServerResponse;
  Object.assign(res, {
    writeHead(status: number, headers: Record<string, string> | readonly string[] = {}) {
      // The body may become shorter.
      const { "Content-Length": _, ...others } = Array.isArray(headers)
        ? Object.fromEntries(pairsOf(headers))
        : (headers as Record<string, string>);
      return writeHead(status, others);
    },
    end: (body?: unknown) =>
      typeof body === "string" ? end(withoutErrorInfo(body)) : body ? end(body) : end(),
  });
}

/** Of a list of names and values, one after another. */
function pairsOf(list: readonly string[]): [name: string, value: string][] {
  return list.flatMap((name, n) => (n % 2 === 0 ? [[name, list[n + 1] ?? ""]] : []));
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
