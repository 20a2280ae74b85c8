import { readGrpcStatus } from "./grpc-status.ts";
import type { Problem } from "./problem.ts";
import { failed, wrong, wrongIf } from "./problem.ts";
import type { Request } from "./requests.ts";

/** Checks the frames of the answer to a unary gRPC call, in the order in which they arrive. */
export interface GrpcAnswer {
  /** Takes the block of a HEADERS frame. */
  onHeaders(block: Buffer, isLast: boolean): void;
  /** Takes a part of the message. The bytes may change after the call. */
  onData(bytes: Buffer, start: number, end: number): void;
  /** The problem of the answer after its last frame, or undefined if the call succeeded. */
  end(): Problem | undefined;
}

/** A gRPC message begins with a byte of flags and four bytes of length. */
const prefixLength = 5;

/**
 * The header blocks are not decoded, because the order of the frames shows the result. A successful call has
 * HEADERS, DATA with one complete message, and HEADERS. A failed call has no DATA, and one HEADERS frame
 * (Trailers-Only) or two.
 */
export function createGrpcAnswer(request: Request): GrpcAnswer {
  let headers = 0;
  let hasData = false;
  let status = "unknown";
  let endsWithHeaders = false;
  let partial: Buffer | undefined;
  let problem: Problem | undefined = wrong("the message is not complete");

  return {
    onHeaders(block, isLast) {
      headers += 1;
      endsWithHeaders = true;
      if (isLast && !hasData) status = readGrpcStatus(block);
    },
    onData(bytes, start, end) {
      if (headers !== 1) throw new Error("DATA does not follow the headers of an answer");
      hasData = true;
      endsWithHeaders = false;
      if (partial !== undefined) {
        bytes = Buffer.concat([partial, bytes.subarray(start, end)]);
        [start, end] = [0, bytes.length];
      }
      const missing =
        end - start < prefixLength
          ? 1
          : bytes.readUInt32BE(start + 1) - (end - start - prefixLength);
      if (missing > 0) partial = Buffer.from(bytes.subarray(start, end));
      else if (missing < 0) problem = wrong("there are bytes after the message");
      else problem = wrongIf(request.checkMessage(bytes, start + prefixLength, end));
    },
    end() {
      if (!endsWithHeaders) return wrong("the answer has no trailers");
      if (headers > 2) return wrong(`${headers} HEADERS frames in one answer`);
      return hasData ? problem : failed(`the call failed: ${status}`, status);
    },
  };
}
