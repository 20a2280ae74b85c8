import { join } from "node:path";
import type { ServerKey } from "../../src/access/server-key.ts";
import type { Target } from "../load/generator.ts";
import type { BenchOptions } from "../options.ts";
import type { DatabaseServer } from "../support/database-server.ts";
import { fillContacts } from "../support/fill.ts";
import type { Processes } from "../support/processes.ts";
import type { Checkout } from "./checkout.ts";
import type { FixtureName, Shape } from "./fixtures.ts";
import { fixtures } from "./fixtures.ts";
import type { Kith, KithOptions } from "./kith.ts";
import { startKith } from "./kith.ts";

/** The Kith processes of a run. */
export interface Deployments {
  /** The service of a fixture. The first call starts, fills and warms it. It then keeps running. */
  get(fixture: FixtureName, checkout: Checkout): Promise<Target>;
  /** Stops the services of a fixture, of all checkouts. Their databases stay. */
  stop(fixture: FixtureName): Promise<void>;
  /**
   * Starts one service on a database. The caller stops it.
   *
   * @param env variables beside those of the database, the port and the key
   */
  startOne(databaseUrl: string, checkout: Checkout, env?: KithOptions["env"]): Promise<Kith>;
}

interface Deployment {
  readonly target: Target;
  stop(): Promise<void>;
}

export function createDeployments(parts: {
  readonly options: BenchOptions;
  readonly processes: Processes;
  readonly server: DatabaseServer;
  readonly key: ServerKey;
  /** Directory for logs. */
  readonly scratch: string;
  /** Runs a load once. */
  readonly warm: (target: Target, shape: Shape) => Promise<unknown>;
}): Deployments {
  const { options, processes, server, key, scratch, warm } = parts;
  const deployed = new Map<FixtureName, Map<Checkout, Promise<Deployment>>>();

  const startOne: Deployments["startOne"] = (databaseUrl, checkout, env) =>
    startKith({ processes, checkout, databaseUrl, key, env, log: join(scratch, "kith.log") });

  async function deploy(name: FixtureName, checkout: Checkout): Promise<Deployment> {
    const fixture = fixtures[name];
    const databaseUrl = await server.createDatabase();
    // One after another: the first process migrates the database.
    const kiths: Kith[] = [];
    while (kiths.length < fixture.processes) kiths.push(await startOne(databaseUrl, checkout));
    const select = fixture.select?.(options);
    if (select !== undefined) await fillContacts({ server, databaseUrl, select });
    const [first] = kiths as [Kith];
    const target = { ...first, ports: kiths.flatMap(({ ports }) => ports) };
    for (const shape of fixture.warmUp) await warm(target, shape);
    return {
      target,
      async stop() {
        await Promise.all(kiths.map((kith) => kith[Symbol.asyncDispose]()));
      },
    };
  }

  return {
    async get(name, checkout) {
      const ofFixture = deployed.get(name) ?? new Map<Checkout, Promise<Deployment>>();
      deployed.set(name, ofFixture);
      const deployment = ofFixture.get(checkout) ?? deploy(name, checkout);
      ofFixture.set(checkout, deployment);
      return (await deployment).target;
    },
    async stop(name) {
      const ofFixture = [...(deployed.get(name)?.values() ?? [])];
      deployed.delete(name);
      await Promise.all(ofFixture.map(async (deployment) => (await deployment).stop()));
    },
    startOne,
  };
}
