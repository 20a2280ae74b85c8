import { Code, ConnectError } from "@connectrpc/connect";

/**
 * That a call ends early, because its time is up or its caller left. What an AbortController is, at a
 * fraction of its cost: most calls need no more than to be asked whether it has happened.
 */
export class Cancellation {
  aborted = false;
  /** A ConnectError; undefined until it is aborted. */
  reason: unknown = undefined;
  #listeners: ((reason: unknown) => void)[] = [];
  #timer: NodeJS.Timeout | undefined;
  #controller: AbortController | undefined;

  /** Aborts when the signal does. */
  static following(signal: AbortSignal): Cancellation {
    const cancellation = new Cancellation();
    if (signal.aborted) cancellation.abort(signal.reason);
    else signal.addEventListener("abort", () => cancellation.abort(signal.reason), { once: true });
    return cancellation;
  }

  /** The same as a signal of the web; made when it is asked for. */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      const controller = new AbortController();
      this.#controller = controller;
      this.onAbort((reason) => controller.abort(reason));
    }
    return this.#controller.signal;
  }

  /** Aborts with DeadlineExceeded after so many milliseconds. */
  startTimer(milliseconds: number): void {
    this.#timer = setTimeout(expire, milliseconds, this);
  }

  /** Does nothing where it is aborted already. */
  abort(reason: unknown): void {
    if (this.aborted) return;
    this.aborted = true;
    this.reason = reason;
    const listeners = this.#listeners;
    this.release();
    for (const listener of listeners) listener(reason);
  }

  /** Calls back with the reason when it is aborted; at once where it is. */
  onAbort(listener: (reason: unknown) => void): void {
    if (this.aborted) listener(this.reason);
    else this.#listeners.push(listener);
  }

  throwIfAborted(): void {
    if (this.aborted) throw this.reason;
  }

  /** The call has its answer: nobody is called back any more. */
  release(): void {
    clearTimeout(this.#timer);
    this.#listeners = [];
  }
}

function expire(cancellation: Cancellation): void {
  cancellation.abort(new ConnectError("the operation timed out", Code.DeadlineExceeded));
}

/** Why a call ends whose caller is gone. */
export function callerLeft(): ConnectError {
  return new ConnectError("the caller left", Code.Canceled);
}
