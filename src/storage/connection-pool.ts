import pg from "pg";
import { fault } from "../errors.ts";

/** A connection is replaced at this age, in milliseconds, so that each process follows a failover in time. */
const maxAgeMs = 300_000;
/** Up to this is added at random, so that connections which opened together do not close together. */
const maxAgeJitterMs = 60_000;

/**
 * SQLSTATEs that mean that no connection of the pool can be used: the server is a standby (25006, and 0A000
 * for a serializable transaction there), or the tables have changed under all prepared plans (0A000).
 */
const retiringStates = new Set(["25006", "0A000"]);

type ConnectCallback = (
  error: Error | undefined,
  client: pg.PoolClient | undefined,
  release: (discard?: boolean | Error) => void,
) => void;

interface ConnectionAge {
  readonly generation: number;
  readonly retireAt: number;
}

/**
 * A pool that checks each connection before it lends it: one that is too old, or older than the last
 * `retireConnections`, is closed, and another one is lent.
 */
export class ConnectionPool extends pg.Pool {
  #generation = 0;
  readonly #ages = new WeakMap<pg.PoolClient, ConnectionAge>();

  constructor(config: pg.PoolConfig) {
    super(config);
    this.on("connect", (client) => {
      this.#ages.set(client, {
        generation: this.#generation,
        retireAt: performance.now() + maxAgeMs + Math.random() * maxAgeJitterMs,
      });
      client.connection.on("errorMessage", ({ code }: pg.DatabaseError) => {
        if (code !== undefined && retiringStates.has(code)) this.retireConnections();
      });
    });
  }

  /** Closes every connection that is open now: idle ones at once, the others when they are returned. */
  retireConnections(): void {
    this.#generation += 1;
  }

  /** @throws Fault DATABASE_UNAVAILABLE, if the connection cannot be opened, for any reason */
  override connect(): Promise<pg.PoolClient>;
  override connect(callback: ConnectCallback): void;
  override connect(callback?: ConnectCallback): Promise<pg.PoolClient> | undefined {
    const lent = this.#lend();
    if (callback === undefined) return lent;
    lent.then(
      (client) => callback(undefined, client, client.release),
      (error) => callback(error, undefined, () => {}),
    );
    return undefined;
  }

  async #lend(): Promise<pg.PoolClient> {
    for (;;) {
      const client = await this.#open();
      if (this.#isUsable(client)) return client;
      client.release(true);
    }
  }

  async #open(): Promise<pg.PoolClient> {
    try {
      return await super.connect();
    } catch (cause) {
      throw fault("DATABASE_UNAVAILABLE", {}, { cause });
    }
  }

  #isUsable(client: pg.PoolClient): boolean {
    const age = this.#ages.get(client);
    return (
      age !== undefined && age.generation === this.#generation && performance.now() < age.retireAt
    );
  }
}
