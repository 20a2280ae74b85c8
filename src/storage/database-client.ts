import { userInfo } from "node:os";
import pg from "pg";
import type { DatabaseHosts } from "./database-hosts.ts";
import type { DatabaseAddress, DatabaseTarget } from "./database-url.ts";
import { findPassword } from "./password-file.ts";
import { sslModeOf, tlsOptions } from "./tls.ts";

export interface ClientOptions {
  readonly target: DatabaseTarget;
  readonly hosts: DatabaseHosts;
  /** What the service itself sets. */
  readonly own: pg.ClientConfig;
  /** Longest that one connection may take to open, in milliseconds. */
  readonly timeoutMs: number;
}

/** A client of the driver that knows its host. */
export type DatabaseClient = pg.Client & {
  readonly address: DatabaseAddress;
  readonly config: pg.ClientConfig;
};

const noTls = /does not support SSL|error establishing an SSL connection/;

/**
 * The class of clients for the pool of the driver. Each client selects its host when it is created, and
 * has the meaning that the parameters of the URL have in libpq.
 */
export function createClientClass(options: ClientOptions): new () => DatabaseClient {
  const { target, hosts } = options;
  const { parameters } = target;
  const withoutTls = new Set<DatabaseAddress>();

  return class extends pg.Client {
    readonly address: DatabaseAddress;
    readonly config: pg.ClientConfig;

    constructor() {
      const address = hosts.next();
      const config = configOf(options, address, withoutTls.has(address));
      super(config);
      this.address = address;
      this.config = config;
      if (parameters.get("channel_binding") === "require")
        requireChannelBinding(this as unknown as pg.PoolClient);
    }

    override connect(): Promise<this>;
    override connect(callback: (error: Error) => void): void;
    override connect(callback?: (error: Error) => void): Promise<this> | undefined {
      if (callback === undefined) return super.connect() as Promise<this>;
      super.connect((error: Error | null) => {
        if (error) {
          const retriesPlain = noTls.test(error.message) && sslModeOf(parameters) === "prefer";
          if (retriesPlain) withoutTls.add(this.address);
          else hosts.noteFailure(this.address);
        }
        callback(error as Error);
      });
      return undefined;
    }
  } as unknown as new () => DatabaseClient;
}

function configOf(
  { target, own, timeoutMs, hosts }: ClientOptions,
  { host, port }: DatabaseAddress,
  withoutTls: boolean,
): pg.ClientConfig {
  const { parameters } = target;
  const user = target.user ?? userInfo().username;
  const database = target.database ?? user;
  const name = parameters.get("application_name") ?? parameters.get("fallback_application_name");
  const idleMs = Number(parameters.get("keepalives_idle") ?? 0) * 1_000;
  const connectSeconds = Number(parameters.get("connect_timeout") ?? 0);
  const tls = withoutTls ? false : tlsOptions(parameters, host);
  return {
    ...own,
    ...{ host, port, user, database, ssl: tls },
    password:
      target.password ??
      (() => findPassword(parameters.get("passfile"), { host, port, user, database })),
    ...(name === undefined ? {} : { application_name: name }),
    ...(parameters.has("options") ? { options: parameters.get("options") } : {}),
    ...(tls && parameters.has("sslnegotiation")
      ? { sslnegotiation: parameters.get("sslnegotiation") }
      : {}),
    keepAlive: parameters.get("keepalives") !== "0",
    ...(idleMs > 0 ? { keepAliveInitialDelayMillis: idleMs } : {}),
    connectionTimeoutMillis:
      connectSeconds > 0 ? Math.min(connectSeconds * 1_000, timeoutMs) : timeoutMs / hosts.count,
    enableChannelBinding: parameters.get("channel_binding") === "require",
  } as unknown as pg.ClientConfig;
}

interface SaslMessage {
  readonly mechanisms: readonly string[];
}

/** Ends the connection before it sends a password in another way. */
function requireChannelBinding({ connection }: pg.PoolClient): void {
  let isBound = false;
  const events = connection as unknown as NodeJS.EventEmitter;
  const reject = () =>
    connection.stream.destroy(new Error("the server does not support channel_binding=require"));
  events.on("authenticationSASL", ({ mechanisms }: SaslMessage) => {
    isBound = mechanisms.includes("SCRAM-SHA-256-PLUS");
    if (!isBound) reject();
  });
  for (const other of ["authenticationCleartextPassword", "authenticationMD5Password"]) {
    events.on(other, reject);
  }
  events.on("authenticationOk", () => {
    if (!isBound) reject();
  });
}
