import { setTimeout as sleep } from "node:timers/promises";
import { openHeldConnection } from "./held-connection.ts";

/** The task of a process that holds HTTP/2 connections open, without a Server-Key. */
export interface HoldJob {
  readonly port: number;
  readonly connections: number;
  /** Streams of `Health/Watch` to open on each connection, as many at once as the service allows. */
  readonly streamsEach: number;
  readonly seconds: number;
}

/** The only line of output of the process, as JSON. */
export interface HoldResult {
  /** Connections and streams that were open at the end. */
  readonly openConnections: number;
  readonly openStreams: number;
  /** Most streams that were open at once. */
  readonly mostStreams: number;
  /** Streams that the service ended. */
  readonly endedStreams: number;
  /** The time in which they were held: milliseconds since 1970. */
  readonly from: number;
  readonly to: number;
}

/** Opens the connections and streams, holds them, and closes them. */
export async function hold(job: HoldJob): Promise<HoldResult> {
  const counts = { connections: 0, streams: 0, ended: 0 };
  let mostStreams = 0;
  const from = performance.timeOrigin + performance.now();
  const held = Array.from({ length: job.connections }, () =>
    openHeldConnection({
      port: job.port,
      streams: job.streamsEach,
      onChange(what, change) {
        counts[what] += change;
        mostStreams = Math.max(mostStreams, counts.streams);
        if (what === "streams" && change < 0) counts.ended += 1;
      },
    }),
  );
  await sleep(job.seconds * 1_000);
  const to = performance.timeOrigin + performance.now();
  const result = {
    openConnections: counts.connections,
    openStreams: counts.streams,
    mostStreams,
    endedStreams: counts.ended,
    ...{ from, to },
  };
  for (const close of held) close();
  return result;
}
