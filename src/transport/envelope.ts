import type { ServerResponse } from "node:http";
import type { Fault } from "../errors.ts";

/** The envelope of a successful REST call (documented contract). */
export function successEnvelope(data: Record<string, unknown>) {
  return { status: 200, error: { code: "", message: "", field: "" }, data };
}

/** The same envelope as a text, with the text of the data. */
export function successText(data: string): string {
  return `{"status":200,"error":{"code":"","message":"","field":""},"data":${data}}`;
}

/** The envelope of a failed REST call (documented contract). */
export function faultEnvelope({ row, message, at }: Fault) {
  return {
    status: row.http,
    error: { code: row.rest, message, field: at?.fieldCode ?? "" },
    data: {},
  };
}

/** The names and values of headers, one after another. Node writes them as they are, if no others are set. */
export type HeaderList = readonly (string | number)[];

/** Sends a JSON body. It is text, so that Node writes it together with the headers. */
export function sendJson(
  res: ServerResponse,
  status: number,
  json: string,
  headers: HeaderList = ["Content-Type", "application/json"],
): void {
  const length = Buffer.byteLength(json);
  res.writeHead(status, [...headers, "Content-Length", length] as never);
  // ASCII is the same in Latin-1, which Node writes faster than UTF-8.
  res.end(json, length === json.length ? "latin1" : "utf8");
}
