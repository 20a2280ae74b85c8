import type { Request } from "./requests.ts";

/** The answer to a unary gRPC call, as its frames come in. */
export interface GrpcAnswer {
  onHeader(name: string, value: string): void;
  /** Takes a part of the message; the bytes may change after the call. */
  onData(bytes: Buffer, start: number, end: number): void;
  /** What is wrong with the whole answer; undefined if nothing is. */
  problem(): string | undefined;
}

/** A gRPC message begins with a byte of flags and four of length. */
const prefixLength = 5;

export function createGrpcAnswer(request: Request): GrpcAnswer {
  let httpStatus = "";
  let grpcStatus = "";
  let grpcMessage = "";
  let partial: Buffer | undefined;
  let verdict: string | undefined = "no message in the answer";

  return {
    onHeader(name, value) {
      if (name === "grpc-status") grpcStatus = value;
      else if (name === "grpc-message") grpcMessage = value;
      else if (name === ":status") httpStatus = value;
    },
    onData(bytes, start, end) {
      if (partial !== undefined) {
        bytes = Buffer.concat([partial, bytes.subarray(start, end)]);
        [start, end] = [0, bytes.length];
      }
      const missing =
        end - start < prefixLength
          ? 1
          : bytes.readUInt32BE(start + 1) - (end - start - prefixLength);
      if (missing > 0) partial = Buffer.from(bytes.subarray(start, end));
      else verdict = request.checkMessage(bytes, start + prefixLength, end);
    },
    problem() {
      if (httpStatus !== "200") return `HTTP status ${httpStatus}`;
      return grpcStatus === "0" ? verdict : `grpc-status ${grpcStatus}: ${grpcMessage}`;
    },
  };
}
