import type { Socket } from "node:net";
import type { PortName } from "../primary.ts";
import type { WorkerProcess } from "./worker-process.ts";

/** Distributes connections among the workers. */
export interface Distributor {
  /** Hands a connection to the worker with the fewest. If there is no worker, the connection waits for one. */
  distribute(socket: Socket, port: PortName): void;
  /** The worker has the connection with this id. */
  accepted(worker: WorkerProcess, id: number): void;
  add(worker: WorkerProcess): void;
  /** The worker gets no connection any more. Those that it did not accept go to others. */
  remove(worker: WorkerProcess): void;
  /** A worker that does not respond gets connections only if no other one can get them. */
  setResponsive(worker: WorkerProcess, isResponsive: boolean): void;
  /** The worker gets no more connections of the port. */
  closePort(worker: WorkerProcess, port: PortName): void;
  /** Connections of calls that the worker has closed. */
  release(worker: WorkerProcess, count: number): void;
}

interface Member {
  readonly worker: WorkerProcess;
  readonly ports: Set<PortName>;
  isResponsive: boolean;
  /** Open connections of calls. */
  connections: number;
  /** Connections that were handed to the worker, and that it has not accepted yet. */
  readonly handed: Map<number, Connection>;
}

interface Connection {
  readonly socket: Socket;
  readonly port: PortName;
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
  let waiting: Connection[] = [];
  let lastId = 0;

  function choose(port: PortName): Member | undefined {
    let best: Member | undefined;
    for (const member of members) {
      if (!member.ports.has(port)) continue;
      if (best === undefined || isBetter(member, best)) best = member;
    }
    return best;
  }

  function hand(connection: Connection): void {
    const { socket, port } = connection;
    const member = choose(port);
    if (member === undefined) {
      if (waiting.length < maxWaiting) waiting.push(connection);
      else socket.destroy();
      return;
    }
    members = [...members.filter((other) => other !== member), member];
    if (port === "service") member.connections += 1;
    const id = ++lastId;
    member.handed.set(id, connection);
    member.worker.hand({ kind: "connection", id, port }, socket);
  }

  const find = (worker: WorkerProcess) => members.find((member) => member.worker === worker);

  return {
    distribute: (socket, port) => hand({ socket, port }),
    accepted(worker, id) {
      const member = find(worker);
      // This closes only the descriptor of this process.
      member?.handed.get(id)?.socket.destroy();
      member?.handed.delete(id);
    },
    add(worker) {
      const ports = new Set<PortName>(["service", "monitoring"]);
      members.unshift({ worker, ports, isResponsive: true, connections: 0, handed: new Map() });
      const connections = waiting;
      waiting = [];
      for (const connection of connections) hand(connection);
    },
    remove(worker) {
      const member = find(worker);
      members = members.filter((other) => other !== member);
      for (const connection of member?.handed.values() ?? []) hand(connection);
    },
    setResponsive(worker, isResponsive) {
      const member = find(worker);
      if (member !== undefined) member.isResponsive = isResponsive;
    },
    closePort: (worker, port) => void find(worker)?.ports.delete(port),
    release(worker, count) {
      const member = find(worker);
      if (member !== undefined) member.connections -= count;
    },
  };
}

function isBetter(one: Member, other: Member): boolean {
  return one.isResponsive === other.isResponsive
    ? one.connections < other.connections
    : one.isResponsive;
}
