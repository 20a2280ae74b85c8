import pg from "pg";
import { fault } from "../errors.ts";
import type { DatabaseClient } from "./database-client.ts";
import type { DatabaseHosts } from "./database-hosts.ts";
import type { SessionKind } from "./session-kind.ts";
import { checkSessionKind } from "./session-kind.ts";
import { anotherHostMayHelp } from "./sqlstate.ts";

/** A connection is replaced at this age, in milliseconds, so that each process follows a failover in time. */
const maxAgeMs = 300_000;
/** Up to this is added at random, so that connections which opened together do not close together. */
const maxAgeJitterMs = 60_000;

/**
 * SQLSTATEs that mean that no connection of the pool can be used: the server is a standby (25006, and 0A000
 * for a serializable transaction there), or the tables have changed under all prepared plans (0A000).
 */
const retiringStates = new Set(["25006", "0A000"]);

/** With TLS, without it, and for a session of another kind than the preferred one. */
const maxAttemptsPerHost = 3;

export interface ConnectionPoolOptions {
  readonly config: pg.PoolConfig;
  /** Prepares a new connection. The pool waits for it, and lends no connection that it rejects. */
  readonly onConnect: (client: pg.ClientBase) => Promise<void>;
  readonly hosts: DatabaseHosts;
  readonly kind: SessionKind;
}

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
  readonly #hosts: DatabaseHosts;

  constructor({ config, onConnect, hosts, kind }: ConnectionPoolOptions) {
    super({
      ...config,
      onConnect: async (opened: pg.ClientBase) => {
        const client = opened as unknown as DatabaseClient;
        try {
          await onConnect(opened);
          await checkSessionKind(client, kind, hosts.haveAllFailed());
        } catch (error) {
          hosts.noteFailure(client.address);
          throw error;
        }
      },
    } as pg.PoolConfig);
    this.#hosts = hosts;
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

  /** Tries the hosts in their order, and each without TLS if it has none and the URL prefers it only. */
  async #open(): Promise<pg.PoolClient> {
    const startedAt = performance.now();
    const attempts = maxAttemptsPerHost * this.#hosts.count;
    for (let attempt = 1; ; attempt++) {
      try {
        return await super.connect();
      } catch (cause) {
        const isOver = performance.now() - startedAt > (this.options.connectionTimeoutMillis ?? 0);
        if (attempt >= attempts || isOver || !anotherHostMayHelp(cause)) {
          throw fault("DATABASE_UNAVAILABLE", {}, { cause });
        }
      }
    }
  }

  #isUsable(client: pg.PoolClient): boolean {
    const age = this.#ages.get(client);
    return (
      age !== undefined && age.generation === this.#generation && performance.now() < age.retireAt
    );
  }
}
