/**
 * Decides when the transactions of this process take turns with those of other processes, so that they do
 * not conflict.
 */
export interface Turns {
  /** Whether the next transaction must take a turn. */
  readonly areTaken: boolean;
  /** Notes that a transaction was rolled back because of a concurrent one. */
  noteConflict(): void;
  /** Notes that a transaction was committed. */
  noteCommit(): void;
}

/** The number of transactions that take turns after a first conflict. */
const leastTurns = 10;
/** The largest such number. */
const mostTurns = 320;
/** After this number of transactions without a turn and without a conflict, the contention has ended. */
const calmCommits = 50;

/**
 * After a conflict, transactions take turns. If they conflict again soon after the turns have ended, twice
 * as many take turns, so that lasting contention costs few conflicts.
 */
export function createTurns(): Turns {
  let left = 0;
  let length = leastTurns;
  /** Commits without a turn since the last conflict. */
  let commits = calmCommits;
  return {
    get areTaken() {
      return left > 0;
    },
    noteConflict() {
      // A transaction that began without a turn can conflict while others take turns already.
      if (left === 0) {
        length = commits < calmCommits ? Math.min(length * 2, mostTurns) : leastTurns;
        commits = 0;
      }
      left = length;
    },
    noteCommit() {
      if (left > 0) left -= 1;
      else commits += 1;
    },
  };
}
