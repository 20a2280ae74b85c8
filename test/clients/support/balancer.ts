import { once } from "node:events";
import type { AddressInfo, Socket } from "node:net";
import { connect, createServer } from "node:net";

/** A TCP load balancer, such as a Kubernetes service or HAProxy. */
export interface Balancer extends AsyncDisposable {
  readonly port: number;
}

/** Forwards each connection to the next port that accepts it. */
export async function startBalancer(ports: readonly number[]): Promise<Balancer> {
  const sockets = new Set<Socket>();
  let turn = 0;

  function track(socket: Socket, peer: Socket): void {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.once("close", () => {
      sockets.delete(socket);
      peer.destroy();
    });
  }

  function forward(client: Socket, candidates: readonly number[]): void {
    const [port, ...others] = candidates;
    if (port === undefined) {
      client.destroy();
      return;
    }
    const server = connect(port, "127.0.0.1");
    server.once("error", () => forward(client, others));
    server.once("connect", () => {
      server.removeAllListeners("error");
      track(server, client);
      track(client, server);
      client.pipe(server).pipe(client);
    });
  }

  const listener = createServer({ noDelay: true }, (client) => {
    client.on("error", () => {});
    turn += 1;
    forward(client, [...ports.slice(turn % ports.length), ...ports.slice(0, turn % ports.length)]);
  }).listen(0, "127.0.0.1");
  await once(listener, "listening");

  return {
    port: (listener.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      listener.close();
      await once(listener, "close");
    },
  };
}
