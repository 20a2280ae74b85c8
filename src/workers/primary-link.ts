import { Socket } from "node:net";
import type { RateLimiter } from "../access/rate-limiter.ts";
import type { CutOffCall } from "../app.ts";
import type { PortName, Primary } from "../primary.ts";
import type { MetricValues } from "../telemetry/metrics/registry.ts";
import type { Port } from "../transport/port.ts";
import type { ToPrimary, ToWorker } from "./messages.ts";

/** The connection of a worker to the primary. */
export interface PrimaryLink extends Primary {
  /** The number of this worker. */
  readonly worker: number;
  /** Tells the primary that this worker can get connections. */
  ready(): void;
  /** Tells the primary the calls that were cut off. Resolves when the message is sent. */
  stopped(cutOff: readonly CutOffCall[]): Promise<void>;
  /** Tells the primary why this worker cannot start. Resolves when the message is sent. */
  failed(message: string): Promise<void>;
}

/** Time between two reports of closed connections, in milliseconds. */
const connectionsIntervalMs = 20;
/** Time between two reports of what calls took of the rate limits, in milliseconds. */
const quotaIntervalMs = 100;

/** @param onStop called when the primary asks this worker to stop */
export function connectToPrimary(onStop: () => void): Promise<PrimaryLink> {
  const accepting = new Map<PortName, (socket: Socket) => void>();
  const closing = new Map<PortName, () => void>();
  const texts = new Map<number, (text: string) => void>();
  let readMetrics: (() => Promise<MetricValues>) | undefined;
  let limiter: RateLimiter | undefined;
  let endedConnections = 0;
  let lastId = 0;

  const send = (message: ToPrimary) =>
    new Promise<void>((resolve) => process.send?.(message, undefined, {}, () => resolve()));

  function countEnd(): void {
    endedConnections += 1;
    if (endedConnections > 1) return;
    setTimeout(() => {
      void send({ kind: "connections-ended", count: endedConnections });
      endedConnections = 0;
    }, connectionsIntervalMs).unref();
  }

  function accept(port: PortName, socket: unknown): void {
    const onConnection = accepting.get(port);
    if (port === "service") {
      if (socket instanceof Socket) socket.once("close", countEnd);
      else countEnd();
    }
    if (!(socket instanceof Socket)) return;
    // As the sockets of Node's HTTP server.
    socket.allowHalfOpen = true;
    if (onConnection === undefined) socket.destroy();
    else onConnection(socket);
  }

  const openPort = (name: PortName): Port => ({
    async listen({ host, port }, onConnection) {
      accepting.set(name, onConnection);
      // The primary knows the real address.
      return { address: host, port, family: "" };
    },
    close: () =>
      new Promise((resolve) => {
        closing.set(name, resolve);
        void send({ kind: "close-port", port: name });
      }),
  });

  function shareMetrics(read: () => Promise<MetricValues>): () => Promise<string> {
    readMetrics = read;
    return () =>
      new Promise((resolve) => {
        const id = ++lastId;
        texts.set(id, resolve);
        void send({ kind: "get-metrics", id });
      });
  }

  function shareRateLimits(shared: RateLimiter): void {
    limiter = shared;
    setInterval(() => {
      const uses = shared.newUses();
      if (uses.length > 0) void send({ kind: "quota-uses", uses });
    }, quotaIntervalMs).unref();
  }

  async function sendMetrics(id: number): Promise<void> {
    const values = await readMetrics?.();
    if (values !== undefined) await send({ kind: "metric-values", id, values });
  }

  return new Promise((resolve) => {
    process.on("message", (message: ToWorker, socket: unknown) => {
      if (message.kind === "connection") {
        void send({ kind: "accepted", id: message.id });
        accept(message.port, socket);
      } else if (message.kind === "port-closed") closing.get(message.port)?.();
      else if (message.kind === "read-metrics") void sendMetrics(message.id);
      else if (message.kind === "quota-uses") limiter?.takeElsewhere(message.uses);
      else if (message.kind === "ping") void send({ kind: "pong" });
      else if (message.kind === "stop") onStop();
      else if (message.kind === "metrics") {
        texts.get(message.id)?.(message.text);
        texts.delete(message.id);
      } else {
        const { worker, database } = message;
        resolve({
          ...{ worker, database, openPort, shareMetrics, shareRateLimits },
          ready: () => void send({ kind: "ready" }),
          stopped: (cutOff) => send({ kind: "stopped", cutOff }),
          failed: (reason) => send({ kind: "failed", message: reason }),
        });
      }
    });
  });
}
