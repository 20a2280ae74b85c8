import type { Cancellation } from "../api/cancellation.ts";

export interface MemoryPool {
  reservationFor(cancellation: Cancellation): Reservation;
}

/** Limits the memory that calls use at the same time. Calls wait for it in the order of their arrival. */
export function createMemoryPool({ maxBytes }: { readonly maxBytes: number }): MemoryPool {
  const state = { freeBytes: maxBytes, maxBytes, pending: [] as Reservation[] };
  return { reservationFor: (cancellation) => new Reservation(state, cancellation) };
}

interface PoolState {
  freeBytes: number;
  readonly maxBytes: number;
  readonly pending: Reservation[];
}

/** The memory of one call. */
export class Reservation {
  readonly #pool: PoolState;
  readonly #cancellation: Cancellation;
  #bytes = 0;
  #state: "none" | "pending" | "held" | "released" = "none";
  #grant: (() => void) | undefined;

  constructor(pool: PoolState, cancellation: Cancellation) {
    this.#pool = pool;
    this.#cancellation = cancellation;
  }

  get isHeld(): boolean {
    return this.#state === "held";
  }

  /**
   * Waits until the pool has this number of bytes. Called once.
   *
   * @throws Fault the reason of the cancellation, if the call is cancelled while it waits
   */
  take(bytes: number): Promise<void> {
    this.#bytes = Math.min(bytes, this.#pool.maxBytes);
    this.#state = "pending";
    return new Promise((resolve, reject) => {
      this.#grant = resolve;
      this.#pool.pending.push(this);
      this.#cancellation.onAbort((reason) => {
        reject(reason);
        if (this.#state === "pending") this.release();
      });
      grantPending(this.#pool);
    });
  }

  /** Gives the bytes back, or stops waiting for them. */
  release(): void {
    const before = this.#state;
    this.#state = "released";
    if (before === "held") this.#pool.freeBytes += this.#bytes;
    if (before === "held" || before === "pending") grantPending(this.#pool);
  }

  /** Whether the reservation no longer waits, because it has its bytes or does not need them any more. */
  settle(): boolean {
    if (this.#state !== "pending") return true;
    if (this.#bytes > this.#pool.freeBytes) return false;
    this.#pool.freeBytes -= this.#bytes;
    this.#state = "held";
    this.#grant?.();
    return true;
  }
}

function grantPending({ pending }: PoolState): void {
  while (pending[0]?.settle() === true) pending.shift();
}
