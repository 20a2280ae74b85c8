import type { LoadJob } from "./job.ts";
import type { Requests } from "./requests.ts";

/** A connection that carries calls, one at a time or many at once. */
export interface Connection {
  /** Whether another call may begin. */
  hasRoom(): boolean;
  /** Begins a call. Its bytes may wait for `flush`, and go at the latest when answers were read. */
  start(at: number): void;
  /** Sends what has gathered. */
  flush(): void;
  close(): void;
}

export interface ConnectionOptions {
  readonly job: LoadJob;
  readonly requests: Requests;
  /** Told of each answer: the `at` of its call, and what is wrong with it, if anything is. */
  readonly onDone: (at: number, problem: string | undefined) => void;
  /** Told once when the connection cannot go on. */
  readonly onLost: (error: Error) => void;
}

export type OpenConnection = (options: ConnectionOptions) => Promise<Connection>;
