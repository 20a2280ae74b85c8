import type { Call } from "./call.ts";

/**
 * The calls that have begun and not ended. An array in which each call knows its place: a `Set` of things
 * that come and go is copied by V8 again and again, and the copies keep what was in them.
 */
export class CallsUnderWay implements Iterable<Call> {
  readonly #calls: Call[] = [];

  /** Each call once. */
  add(call: Call): void {
    call.position = this.#calls.push(call) - 1;
  }

  /** Does nothing where the call is not among them. */
  delete(call: Call): void {
    const { position } = call;
    const last = this.#calls.at(-1);
    if (position === undefined || last === undefined) return;
    this.#calls[position] = last;
    last.position = position;
    this.#calls.pop();
    call.position = undefined;
  }

  [Symbol.iterator](): Iterator<Call> {
    return this.#calls.values();
  }
}
