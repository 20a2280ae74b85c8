import type { IncomingMessage, ServerResponse } from "node:http";
import { fault } from "../errors.ts";
import type { Call } from "../rpc/call.ts";
import { Cancellation, callerLeft } from "../rpc/cancellation.ts";

/** A request under way, whatever its protocol. */
export interface Exchange {
  readonly call: Call;
  /** Aborted when the time is up, or when the caller leaves before the answer. */
  readonly cancellation: Cancellation;
}

export interface ExchangeOptions {
  readonly call: Call;
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  /** Milliseconds a request may take from its headers to its answer; absent for streams. */
  readonly timeoutMs?: number | undefined;
  /** Called once, when the answer is sent or the caller is gone. */
  readonly onEnd: (call: Call) => void;
}

export function createExchange({ call, req, res, timeoutMs, onEnd }: ExchangeOptions): Exchange {
  const cancellation = new Cancellation();
  if (timeoutMs !== undefined) cancellation.startTimer(timeoutMs);
  // Faults of the connection are told by "close"; without a listener they would end the process.
  req.on("error", () => {});
  res.on("error", () => {});
  res.once("close", () => {
    if (!res.writableFinished) {
      call.fault ??= fault("CANCELLED");
      cancellation.abort(callerLeft());
    }
    cancellation.release();
    onEnd(call);
  });
  return { call, cancellation };
}
