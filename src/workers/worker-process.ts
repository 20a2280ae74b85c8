import type { Worker } from "node:cluster";
import cluster from "node:cluster";
import type { Socket } from "node:net";
import { fileURLToPath } from "node:url";
import type { ToPrimary, ToWorker } from "./messages.ts";

/** A worker process, as the primary sees it. */
export interface WorkerProcess {
  /** From 1 on. A worker that replaces another one has its number. */
  readonly number: number;
  readonly pid: number | undefined;
  send(message: ToWorker): void;
  /**
   * Hands a connection over. The primary has no part in it any more.
   *
   * @param onSent called when the connection has left this process, or with an error if it cannot
   */
  hand(
    message: ToWorker & { readonly kind: "connection" },
    socket: Socket,
    onSent: (error: Error | null) => void,
  ): void;
  /** Ends the process at once. */
  kill(): void;
}

export interface WorkerProcessOptions {
  readonly number: number;
  readonly onMessage: (message: ToPrimary) => void;
  /** Called once, when the process cannot get messages any more. */
  readonly onDisconnect: () => void;
  /** Called once, when the process has ended. */
  readonly onEnd: (how: EndOfProcess) => void;
}

export interface EndOfProcess {
  readonly code: number | null;
  readonly signal: string | null;
}

const entry = fileURLToPath(new URL("../worker.ts", import.meta.url));

/** Starts a worker process, with the environment and the Node options of this one. */
export function startWorkerProcess(options: WorkerProcessOptions): WorkerProcess {
  const { number, onMessage, onDisconnect, onEnd } = options;
  cluster.setupPrimary({ exec: entry, args: [] });
  const worker: Worker = cluster.fork();
  worker.on("message", onMessage);
  worker.once("disconnect", onDisconnect);
  worker.once("exit", (code: number | null, signal: string | null) => onEnd({ code, signal }));
  // A message to a worker that is ending is lost. Its end is reported in any case.
  worker.on("error", () => {});
  return {
    number,
    pid: worker.process.pid,
    send: (message) => void worker.process.send(message, () => {}),
    hand: (message, socket, onSent) => void worker.process.send(message, socket, {}, onSent),
    kill: () => void worker.process.kill("SIGKILL"),
  };
}
