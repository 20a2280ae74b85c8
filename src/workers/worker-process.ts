import type { Worker } from "node:cluster";
import cluster from "node:cluster";
import type { Socket } from "node:net";
import { fileURLToPath } from "node:url";
import type { ToPrimary, ToWorker } from "./messages.ts";
import { workerArgument } from "./messages.ts";

/** A worker process, as the primary sees it. */
export interface WorkerProcess {
  /** From 1 on. A worker that replaces another one has its number. */
  readonly number: number;
  readonly pid: number | undefined;
  send(message: ToWorker): void;
  /** Sends a connection, which stays open in this process too. */
  hand(message: ToWorker & { readonly kind: "connection" }, socket: Socket): void;
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

const entry = fileURLToPath(new URL("../main.ts", import.meta.url));

/** Starts a worker process, with the environment and the Node options of this one. */
export function startWorkerProcess(options: WorkerProcessOptions): WorkerProcess {
  const { number, onMessage, onDisconnect, onEnd } = options;
  cluster.setupPrimary({ exec: entry, args: [workerArgument] });
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
    hand: (message, socket) =>
      void worker.process.send(message, socket, { keepOpen: true }, () => {}),
    kill: () => void worker.process.kill("SIGKILL"),
  };
}
