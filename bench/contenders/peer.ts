import type { Target } from "../load/generator.ts";
import { findFreePort, takesConnections } from "../support/ports.ts";
import type { Processes } from "../support/processes.ts";
import { poll } from "../support/processes.ts";

export type PeerName = "grpc-js" | "fastify";

/** Starts one of the services in `bench/peers`. */
export async function startPeer(options: {
  readonly name: PeerName;
  readonly processes: Processes;
  readonly databaseUrl: string;
  /** File for its output. */
  readonly log: string;
}): Promise<Target> {
  const { name, processes, databaseUrl, log } = options;
  const port = await findFreePort();
  const service = processes.start({
    command: process.execPath,
    args: [`bench/peers/${name}.ts`],
    log,
    env: { DATABASE_URL: databaseUrl, PORT: String(port) },
  });
  const ready = poll({
    check: () => takesConnections(port),
    everyMs: 20,
    limitMs: 60_000,
    problem: `${name} did not accept connections`,
  });
  await Promise.race([ready, service.failed]);
  return { ports: [port], databaseUrl, log };
}
