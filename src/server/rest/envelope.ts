import type { ServerResponse } from "node:http";
import type { Fault } from "../../errors.ts";

/** Writes the documented answer of a call that succeeded. */
export function sendData(res: ServerResponse, data: Record<string, unknown>): void {
  send(res, 200, { status: 200, error: { code: "", message: "", field: "" }, data });
}

/** Writes the documented answer of a call that failed. */
export function sendFault(res: ServerResponse, fault: Fault): void {
  const { http, retryAfter } = fault.row;
  if (retryAfter !== undefined) res.setHeader("Retry-After", retryAfter);
  send(res, http, envelopeOf(fault));
}

export function envelopeOf({ row, message, at }: Fault) {
  return {
    status: row.http,
    error: { code: row.rest, message, field: at?.fieldCode ?? "" },
    data: {},
  };
}

function send(res: ServerResponse, status: number, envelope: unknown): void {
  // As text, which Node writes together with the headers: one system call for an answer.
  const body = JSON.stringify(envelope);
  res.writeHead(status, {
    "Content-Type": "application/json",
    "Content-Length": Buffer.byteLength(body),
  });
  res.end(body);
}
