import type { LoadJob } from "./job.ts";

/** A request, and what is right as its answer. */
export interface Request {
  /** Of its body, in bytes. */
  readonly length: number;
  /** Writes its body. */
  write(target: Buffer, offset: number): void;
  /** What is wrong with the `data` of an answer over REST; undefined if nothing is. */
  checkData(data: Readonly<Record<string, unknown>> | undefined): string | undefined;
  /** The same for an answer in the binary format. */
  checkMessage(bytes: Buffer, start: number, end: number): string | undefined;
}

/** The requests of a call, without end. */
export interface Requests {
  next(): Request;
}

export interface RequestsOptions {
  readonly format: Format;
  /** As in the job. */
  readonly contacts: number;
}

export type Format = "protobuf" | "json";

export function formatOf({ protocol }: LoadJob): Format {
  return protocol === "rest" ? "json" : "protobuf";
}
