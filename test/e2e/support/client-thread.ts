import { once } from "node:events";
import { Worker } from "node:worker_threads";

/** HTTP/1.1 connections in a thread of their own: they work while the event loop of the service is blocked. */
export interface ClientThread extends AsyncDisposable {
  /** Sends a request on each connection. Blocks the event loop of this thread until all are sent. */
  sendWhileBlocked(): void;
  /** Waits for the responses to the requests that were sent last: a status each, or "closed". */
  responses(): Promise<readonly string[]>;
}

export function startClientThread(port: number, connections: number): ClientThread {
  const hasSent = new Int32Array(new SharedArrayBuffer(4));
  const worker = new Worker(new URL("client-thread-worker.ts", import.meta.url), {
    workerData: { port, connections, hasSent },
  });
  let received: Promise<unknown[]>;
  return {
    sendWhileBlocked() {
      Atomics.store(hasSent, 0, 0);
      received = once(worker, "message");
      worker.postMessage("send");
      Atomics.wait(hasSent, 0, 0);
    },
    async responses() {
      const [statuses] = await received;
      return statuses as string[];
    },
    async [Symbol.asyncDispose]() {
      await worker.terminate();
    },
  };
}
