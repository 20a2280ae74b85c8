import type { Socket } from "node:net";
import type { PortName } from "../primary.ts";
import type { WorkerProcess } from "./worker-process.ts";

/** Distributes connections among the workers. */
export interface Distributor {
  /** Hands a connection to the worker with the fewest. If there is no worker, the connection waits for one. */
  distribute(socket: Socket, port: PortName): void;
  add(worker: WorkerProcess): void;
  /** The worker gets no connection any more. Those that have not reached it go to others. */
  remove(worker: WorkerProcess): void;
  /** The worker gets no more connections of the port. */
  closePort(worker: WorkerProcess, port: PortName): void;
  /** Connections of calls that the worker has closed. */
  release(worker: WorkerProcess, count: number): void;
}

interface Member {
  readonly worker: WorkerProcess;
  readonly ports: Set<PortName>;
  /** Open connections of calls. */
  connections: number;
  /** Connections that have not left this process. Node sends one at a time. */
  readonly leaving: Map<Socket, PortName>;
}

/** Most connections that wait for a worker. Others are closed. */
const maxWaiting = 1_024;

/**
 * Connections can last for days, and a worker that has replaced another one begins without any. So the number of
 * open connections decides, and not whose turn it is.
 */
export function createDistributor(): Distributor {
  /** The first of several with the fewest connections gets the next one, and becomes the last. */
  let members: Member[] = [];
  const waiting = new Map<Socket, PortName>();

  function choose(port: PortName): Member | undefined {
    let best: Member | undefined;
    for (const member of members) {
      if (!member.ports.has(port)) continue;
      if (best === undefined || member.connections < best.connections) best = member;
    }
    return best;
  }

  function distribute(socket: Socket, port: PortName): void {
    const member = choose(port);
    if (member === undefined) {
      if (waiting.size < maxWaiting) waiting.set(socket, port);
      else socket.destroy();
      return;
    }
    members = [...members.filter((other) => other !== member), member];
    if (port === "service") member.connections += 1;
    member.leaving.set(socket, port);
    member.worker.hand({ kind: "connection", port }, socket, (error) => {
      if (member.leaving.delete(socket) && error !== null) socket.destroy();
    });
  }

  function distributeAll(connections: ReadonlyMap<Socket, PortName>): void {
    for (const [socket, port] of connections) distribute(socket, port);
  }

  const find = (worker: WorkerProcess) => members.find((member) => member.worker === worker);

  return {
    distribute,
    add(worker) {
      const ports = new Set<PortName>(["service", "monitoring"]);
      members.unshift({ worker, ports, connections: 0, leaving: new Map() });
      const connections = new Map(waiting);
      waiting.clear();
      distributeAll(connections);
    },
    remove(worker) {
      const member = find(worker);
      if (member === undefined) return;
      members = members.filter((other) => other !== member);
      const connections = new Map(member.leaving);
      member.leaving.clear();
      distributeAll(connections);
    },
    closePort: (worker, port) => void find(worker)?.ports.delete(port),
    release(worker, count) {
      const member = find(worker);
      if (member !== undefined) member.connections -= count;
    },
  };
}
