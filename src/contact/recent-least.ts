/** The least of the values that were noted in the last one to two seconds. */
export class RecentLeast {
  readonly #now: () => number;
  #least = Infinity;
  #leastBefore = Infinity;
  /** The start of the present second. */
  #from: number;

  /** @param now in milliseconds */
  constructor(now = () => performance.now()) {
    this.#now = now;
    this.#from = now();
  }

  note(value: number): void {
    this.#roll();
    this.#least = Math.min(this.#least, value);
  }

  /** 0 if no value is recent. */
  get value(): number {
    this.#roll();
    const least = Math.min(this.#least, this.#leastBefore);
    return least === Infinity ? 0 : least;
  }

  #roll(): void {
    const elapsed = this.#now() - this.#from;
    if (elapsed < intervalMs) return;
    this.#leastBefore = elapsed < 2 * intervalMs ? this.#least : Infinity;
    this.#least = Infinity;
    this.#from = this.#now();
  }
}

const intervalMs = 1_000;
