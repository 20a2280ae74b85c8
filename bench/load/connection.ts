import type { LoadJob } from "./job.ts";
import type { Problem } from "./problem.ts";
import type { Requests } from "./requests.ts";

/** The times of a call, in milliseconds of `performance.now()`. */
export interface CallTimes {
  /** When the call was due. */
  readonly dueAt: number;
  /** When the call was handed to its connection. */
  readonly sentAt: number;
}

/** A connection for calls: one in flight over HTTP/1.1, many over HTTP/2. */
export interface Connection {
  /** Whether another call can start now. */
  hasRoom(): boolean;
  /** Starts a call. The connection sends its bytes on `flush`, or after the next answers are read. */
  start(times: CallTimes): void;
  /** Sends the bytes of the calls that were started. */
  flush(): void;
  close(): void;
}

export interface ConnectionOptions {
  readonly job: LoadJob;
  readonly port: number;
  readonly requests: Requests;
  /** Called for each answer, with the times of its call. Without a problem, the call succeeded. */
  readonly onDone: (times: CallTimes, problem: Problem | undefined) => void;
  /** Called once, when the connection fails. */
  readonly onLost: (error: Error) => void;
}

export type OpenConnection = (options: ConnectionOptions) => Promise<Connection>;
