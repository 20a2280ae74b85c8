import { once } from "node:events";
import type { Socket } from "node:net";
import { connect } from "node:net";
import { parentPort, workerData } from "node:worker_threads";

const { port, connections, hasSent } = workerData as {
  readonly port: number;
  readonly connections: number;
  readonly hasSent: Int32Array;
};
const sockets: Socket[] = [];

async function open(): Promise<Socket> {
  const socket = connect({ host: "127.0.0.1", port, noDelay: true });
  socket.on("error", () => {});
  await once(socket, "connect");
  return socket;
}

/** The status of the next response, or "closed". */
function response(socket: Socket): Promise<string> {
  return new Promise((resolve) => {
    socket.once("data", (bytes) => resolve(String(bytes).split(" ")[1] ?? ""));
    socket.once("close", () => resolve("closed"));
  });
}

parentPort?.on("message", async () => {
  while (sockets.length < connections) sockets.push(await open());
  const responses = Promise.all(sockets.map(response));
  const request = "GET /livez HTTP/1.1\r\nHost: x\r\n\r\n";
  await Promise.all(sockets.map((socket) => new Promise((sent) => socket.write(request, sent))));
  Atomics.store(hasSent, 0, 1);
  Atomics.notify(hasSent, 0);
  parentPort?.postMessage(await responses);
});
