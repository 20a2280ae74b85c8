/** Work of an app that waits. */
export interface FairWork {
  readonly appId: number;
  /** How much the work counts for the share of its app, at least 1. */
  readonly amount: number;
}

interface Lane<W> {
  readonly work: W[];
  /** The index of the next work. */
  next: number;
  position: number;
}

/** A lane keeps this much work that has begun. To remove each from the array would copy the rest each time. */
const maxShifted = 1_000;

/**
 * Work that waits, with a lane for each app. The next work is the first one in the lane with the lowest
 * position. The work of one app keeps its order.
 */
export class FairLanes<W extends FairWork> {
  readonly #positionOf: (appId: number) => number;
  /** The lanes that have work, in the order of the arrival of their apps. */
  readonly #lanes = new Map<number, Lane<W>>();

  /** @param positionOf the position of the next work of an app that has none here */
  constructor(positionOf: (appId: number) => number) {
    this.#positionOf = positionOf;
  }

  push(work: W): void {
    const lane = this.#lanes.get(work.appId);
    if (lane !== undefined) {
      lane.work.push(work);
    } else {
      const position = this.#positionOf(work.appId);
      this.#lanes.set(work.appId, { work: [work], next: 0, position });
    }
  }

  /** The work that comes next, or undefined if there is none. */
  peek(): W | undefined {
    const lane = this.#first();
    return lane?.work[lane.next];
  }

  /** Removes the work that comes next, and returns it. */
  shift(): W | undefined {
    const lane = this.#first();
    const work = lane?.work[lane.next];
    if (lane === undefined || work === undefined) return undefined;
    lane.next += 1;
    lane.position += work.amount;
    if (lane.next === lane.work.length) {
      this.#lanes.delete(work.appId);
    } else if (lane.next === maxShifted) {
      lane.work.splice(0, maxShifted);
      lane.next = 0;
    }
    return work;
  }

  /** Removes all work of an app. */
  removeApp(appId: number): void {
    this.#lanes.delete(appId);
  }

  #first(): Lane<W> | undefined {
    let first: Lane<W> | undefined;
    for (const lane of this.#lanes.values()) {
      if (first === undefined || lane.position < first.position) first = lane;
    }
    return first;
  }
}
