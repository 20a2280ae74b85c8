/** A wait for more requests before a transaction begins. */
export class Linger {
  readonly #lingerMs: number;
  readonly #onEnd: () => void;
  #timer: NodeJS.Timeout | undefined;
  #hasEnded = false;

  /**
   * @param lingerMs longest time of a wait, in milliseconds
   * @param onEnd called at the end of a wait
   */
  constructor(lingerMs: number, onEnd: () => void) {
    this.#lingerMs = lingerMs;
    this.#onEnd = onEnd;
  }

  /** Begins to wait, unless it has. @returns false if the wait has ended */
  waits(): boolean {
    if (this.#hasEnded) return false;
    this.#timer ??= setTimeout(() => {
      this.#hasEnded = true;
      this.#onEnd();
    }, this.#lingerMs);
    return true;
  }

  /** A transaction begins. The next one may wait again. */
  reset(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#hasEnded = false;
  }
}
