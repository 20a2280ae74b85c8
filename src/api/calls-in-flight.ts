import type { Call } from "./call.ts";

/**
 * The calls that have begun and not ended. This is an array in which each call stores its index. V8 would
 * copy the table of a `Set` repeatedly as entries are added and deleted, and old tables keep dead entries
 * alive.
 */
export class CallsInFlight implements Iterable<Call> {
  readonly #calls: Call[] = [];
  #ended = 0;

  add(call: Call): void {
    call.position = this.#calls.push(call) - 1;
  }

  /** Does nothing if the call is not in flight. */
  delete(call: Call): void {
    const { position } = call;
    const last = this.#calls.at(-1);
    if (position === undefined || last === undefined) return;
    this.#calls[position] = last;
    last.position = position;
    this.#calls.pop();
    call.position = undefined;
    this.#ended += 1;
  }

  /** The calls that have a deadline, and the calls that have ended since the start of the process. */
  counts(): { readonly inFlight: number; readonly ended: number } {
    const inFlight = this.#calls.filter((call) => call.deadline < Infinity).length;
    return { inFlight, ended: this.#ended };
  }

  [Symbol.iterator](): Iterator<Call> {
    return this.#calls.values();
  }
}
