import { fault } from "../../errors.ts";

/** Limits the streams that are open at the same time. */
export interface StreamLimit {
  /** Whether `enter` would throw. */
  isFull(connection: object): boolean;
  /**
   * Counts a stream.
   *
   * @returns a function that has to be called once when the stream has ended
   * @throws Fault TOO_MANY_STREAMS
   */
  enter(connection: object): () => void;
}

export interface StreamLimitOptions {
  readonly perConnection: number;
  readonly total: number;
}

export function createStreamLimit({ perConnection, total }: StreamLimitOptions): StreamLimit {
  const open = new WeakMap<object, number>();
  let allOpen = 0;

  function add(connection: object, streams: number): void {
    open.set(connection, (open.get(connection) ?? 0) + streams);
    allOpen += streams;
  }

  function isFull(connection: object): boolean {
    return allOpen >= total || (open.get(connection) ?? 0) >= perConnection;
  }

  return {
    isFull,
    enter(connection) {
      if (isFull(connection)) throw fault("TOO_MANY_STREAMS");
      add(connection, 1);
      return () => add(connection, -1);
    },
  };
}
