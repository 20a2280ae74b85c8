/**
 * Decides which app's work comes next (start-time fair queueing). Each app has a position: the end of the work
 * that it has got so far. The app with the lowest position comes next. An app that had no work for a while
 * begins at the present position of the others, so it comes before an app that has got more, but cannot save
 * up shares.
 */
export class FairShares {
  /** The position of the latest work that has begun. */
  #now = 0;
  readonly #ends = new Map<number, number>();
  /** The number of apps above which those without recent work are forgotten. */
  #maxApps = leastApps;

  /** The position of the next work of an app. */
  positionOf(appId: number): number {
    return Math.max(this.#now, this.#ends.get(appId) ?? 0);
  }

  /** Notes that work of an app begins. */
  note(appId: number, amount: number): void {
    const position = this.positionOf(appId);
    this.#now = position;
    this.#ends.set(appId, position + amount);
    if (this.#ends.size > this.#maxApps) this.#forgetIdle();
  }

  #forgetIdle(): void {
    for (const [appId, end] of this.#ends) if (end <= this.#now) this.#ends.delete(appId);
    this.#maxApps = Math.max(leastApps, 2 * this.#ends.size);
  }
}

const leastApps = 100;
