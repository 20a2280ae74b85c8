import type { FairWork } from "./fair-lanes.ts";
import { FairLanes } from "./fair-lanes.ts";
import { FairShares } from "./fair-shares.ts";

/** Work of apps that waits until it can begin. Apps share what can begin by the amounts of their work. */
export class FairQueue<W extends FairWork> {
  readonly #shares = new FairShares();
  readonly #lanes = new FairLanes<W>((appId) => this.#shares.positionOf(appId));

  push(work: W): void {
    this.#lanes.push(work);
  }

  /** The work that comes next, or undefined if there is none. */
  peek(): W | undefined {
    return this.#lanes.peek();
  }

  /** Removes the work that comes next, and returns it. */
  shift(): W | undefined {
    const work = this.#lanes.shift();
    if (work !== undefined) this.#shares.note(work.appId, work.amount);
    return work;
  }
}
