import type { LoadJob } from "./job.ts";

/** A request, with the checks of its answer. */
export interface Request {
  /** Length of the body, in bytes. */
  readonly length: number;
  /** The bytes to send, if they are always the same: the body, in gRPC with the prefix of the message. */
  readonly fixed?: Buffer;
  /** Writes the body. */
  write(target: Buffer, offset: number): void;
  /** Checks the `data` of an answer over REST. Returns a description of the problem, or undefined. */
  checkData(data: Readonly<Record<string, unknown>> | undefined): string | undefined;
  /** Checks an answer in the binary format. Returns a description of the problem, or undefined. */
  checkMessage(bytes: Buffer, start: number, end: number): string | undefined;
}

/** An endless sequence of requests. */
export interface Requests {
  next(): Request;
}

export interface RequestsOptions {
  readonly format: Format;
  /** Entries in each request or page, as in the job. */
  readonly contacts: number;
}

export type Format = "protobuf" | "json";

export function formatOf({ protocol }: LoadJob): Format {
  return protocol === "rest" ? "json" : "protobuf";
}
