import type { AddressInfo, ServerOpts, Socket } from "node:net";
import { Server } from "node:net";
import { untilAllAccepted } from "./until-all-accepted.ts";

export interface PortAddress {
  readonly host: string;
  /** 0: the system chooses a free port. */
  readonly port: number;
}

/** Where a listener gets its connections from. */
export interface Port {
  /**
   * Starts to accept connections.
   *
   * @throws Error of the system, such as EADDRINUSE
   */
  listen(address: PortAddress, onConnection: (socket: Socket) => void): Promise<AddressInfo>;
  /** Accepts the connections that wait to be accepted, and then no more. Open connections stay open. */
  close(): Promise<void>;
}

/** A port of this process. */
export function createPort(options: Pick<ServerOpts, "pauseOnConnect"> = {}): Port {
  const server = new Server({ ...options, allowHalfOpen: true, noDelay: true });
  return {
    listen: ({ host, port }, onConnection) =>
      new Promise((resolve, reject) => {
        server.on("connection", onConnection);
        server.once("error", reject);
        server.listen({ host, port, backlog: 1_024 }, () => {
          server.off("error", reject);
          resolve(server.address() as AddressInfo);
        });
      }),
    async close() {
      await untilAllAccepted(server);
      server.close();
    },
  };
}
