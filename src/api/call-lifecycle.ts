import { fault } from "../errors.ts";
import type { CallOptions } from "./call.ts";
import { Call } from "./call.ts";
import { CallsInFlight } from "./calls-in-flight.ts";
import { createDeadlines } from "./deadlines.ts";

/** Begins and ends the calls of every transport. */
export interface CallLifecycle {
  /** The calls that have begun and not ended. */
  readonly inFlight: Iterable<Call> & Pick<CallsInFlight, "counts">;
  /** Begins a call when its headers are read. It is cancelled when its deadline is exceeded. */
  begin(options: CallOptions): Call;
  /**
   * Ends a call once, when its response is sent or its connection is lost.
   *
   * @param isAnswered whether the complete response was sent; if not, the call is cancelled
   */
  end(call: Call, isAnswered: boolean): void;
}

export interface CallLifecycleOptions {
  /** Called once for each call when it has begun. */
  readonly onBegin?: (call: Call, options: CallOptions) => void;
  /** Called once for each call when it has ended. */
  readonly onEnd: (call: Call) => void;
}

export function createCallLifecycle({ onBegin, onEnd }: CallLifecycleOptions): CallLifecycle {
  const inFlight = new CallsInFlight();
  const deadlines = createDeadlines(inFlight);
  return {
    inFlight,
    begin(options) {
      const call = new Call(options);
      inFlight.add(call);
      deadlines.watch(call);
      onBegin?.(call, options);
      return call;
    },
    end(call, isAnswered) {
      if (!isAnswered) {
        call.cancellation.abort(call.fail(fault("CANCELLED")));
      }
      call.release();
      inFlight.delete(call);
      onEnd(call);
    },
  };
}
