import type { IncomingMessage, ServerResponse } from "node:http";
import { Code, ConnectError } from "@connectrpc/connect";
import { fault } from "../errors.ts";
import type { Call } from "../rpc/call.ts";

/** A request under way, whatever its protocol. */
export interface Exchange {
  readonly call: Call;
  /** Aborted with a ConnectError when the time is up, or when the caller leaves before the answer. */
  readonly signal: AbortSignal;
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
  const controller = new AbortController();
  const abort = (message: string, code: Code) => {
    if (!controller.signal.aborted) controller.abort(new ConnectError(message, code));
  };
  const timer =
    timeoutMs === undefined
      ? undefined
      : setTimeout(abort, timeoutMs, "the operation timed out", Code.DeadlineExceeded);
  // Faults of the connection are told by "close"; without a listener they would end the process.
  req.on("error", () => {});
  res.on("error", () => {});
  res.once("close", () => {
    clearTimeout(timer);
    if (!res.writableFinished) {
      call.fault ??= fault("CANCELLED");
      abort("the caller left", Code.Canceled);
    }
    onEnd(call);
  });
  return { call, signal: controller.signal };
}
