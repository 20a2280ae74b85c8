import type { Socket } from "node:net";
import type { ToWorker } from "../../../src/workers/messages.ts";
import type { WorkerProcess } from "../../../src/workers/worker-process.ts";

export interface FakeWorker extends WorkerProcess {
  /** The messages that were sent, except those with a connection. */
  readonly sent: ToWorker[];
  /** The connections that were handed over. */
  readonly handed: { readonly id: number; readonly socket: Socket }[];
}

export function createFakeWorker(number: number): FakeWorker {
  const sent: FakeWorker["sent"] = [];
  const handed: FakeWorker["handed"] = [];
  return {
    number,
    pid: number,
    sent,
    handed,
    send: (message) => void sent.push(message),
    hand: ({ id }, socket) => void handed.push({ id, socket }),
    kill() {},
  };
}
