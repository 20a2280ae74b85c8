import type { Fault } from "../errors.ts";

/**
 * The cancellation token of a call. It works like an `AbortController` but costs less, because most
 * calls only check whether they are cancelled.
 */
export class Cancellation {
  aborted = false;
  #reason: Fault | undefined;
  #listeners: ((reason: Fault) => void)[] = [];
  #controller: AbortController | undefined;

  /** The reason for the cancellation, or undefined if the call is not cancelled. */
  get reason(): Fault | undefined {
    return this.#reason;
  }

  /** The same token as an `AbortSignal`, created on first use. */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      const controller = new AbortController();
      this.#controller = controller;
      this.onAbort((reason) => controller.abort(reason));
    }
    return this.#controller.signal;
  }

  /** Cancels the call. Only the first reason counts. */
  abort(reason: Fault): void {
    if (this.aborted) return;
    this.aborted = true;
    this.#reason = reason;
    const listeners = this.#listeners;
    this.#listeners = [];
    for (const listener of listeners) listener(reason);
  }

  /** Calls the listener when the call is cancelled, or immediately if it is already cancelled. */
  onAbort(listener: (reason: Fault) => void): void {
    if (this.#reason !== undefined) listener(this.#reason);
    else this.#listeners.push(listener);
  }

  /** @throws Fault if the call is cancelled: the reason for the cancellation */
  throwIfAborted(): void {
    if (this.#reason !== undefined) throw this.#reason;
  }

  /** Removes all listeners. Used when the call has ended. */
  release(): void {
    this.#listeners = [];
  }
}
