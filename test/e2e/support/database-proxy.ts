import { once } from "node:events";
import type { Server, Socket } from "node:net";
import { connect, createServer } from "node:net";

/** How a database can be away. */
export type Outage = "refuses" | "hangs up" | "is silent" | "forgets its connections";

/** A way to a database over TCP that can be cut. */
export interface DatabaseProxy extends AsyncDisposable {
  /** The connection string to use in place of the database's own. */
  readonly url: string;
  /** Ends the connections there are, or silences them, and takes no new ones. */
  cut(outage: Outage): Promise<void>;
  restore(): Promise<void>;
  /** Statements that were run over the proxy so far. */
  statements(): number;
}

/** @param databaseUrl a database of the tests' own server, or of the pooler in front of it */
export async function startDatabaseProxy(databaseUrl: string): Promise<DatabaseProxy> {
  const { pathname, searchParams, port: poolerPort } = new URL(databaseUrl);
  // The tests' own server listens on a Unix socket.
  const path = `${searchParams.get("host")}/.s.PGSQL.${searchParams.get("port")}`;
  const connectToDatabase = () =>
    poolerPort === "" ? connect(path) : connect(Number(poolerPort), "127.0.0.1");
  const pairs = new Set<readonly [client: Socket, database: Socket]>();
  /** Connections that lose all bytes, while new ones work. */
  const forgotten = new WeakSet<Socket>();
  let outage: Outage | undefined;
  let statements = 0;

  function join(client: Socket): void {
    client.on("error", () => {});
    if (outage === "hangs up") {
      client.destroy();
      return;
    }
    const database = connectToDatabase();
    database.on("error", () => {});
    const count = statementCounter();
    const pair = [client, database] as const;
    pairs.add(pair);
    client.on("data", (bytes) => {
      if (outage === "is silent" || forgotten.has(client)) return;
      statements += count(bytes);
      database.write(bytes);
    });
    database.on("data", (bytes) => {
      if (outage !== "is silent" && !forgotten.has(client)) client.write(bytes);
    });
    for (const socket of pair) {
      socket.once("close", () => {
        pairs.delete(pair);
        for (const end of pair) end.destroy();
      });
    }
  }

  let server = await listen(join, 0);
  const address = server.address();
  const port = typeof address === "object" ? (address?.port ?? 0) : 0;

  function endAll(): void {
    for (const pair of pairs) for (const socket of pair) socket.destroy();
  }
  async function stopListening(): Promise<void> {
    if (!server.listening) return;
    const closed = once(server, "close");
    server.close();
    endAll();
    await closed;
  }

  return {
    url: `postgresql://postgres@127.0.0.1:${port}${pathname}`,
    async cut(kind) {
      outage = kind;
      if (kind === "refuses") await stopListening();
      if (kind === "hangs up") endAll();
      if (kind === "forgets its connections") for (const [client] of pairs) forgotten.add(client);
    },
    async restore() {
      outage = undefined;
      endAll();
      if (!server.listening) server = await listen(join, port);
    },
    statements: () => statements,
    [Symbol.asyncDispose]: stopListening,
  };
}

async function listen(onConnection: (socket: Socket) => void, port: number): Promise<Server> {
  const server = createServer(onConnection).listen(port, "127.0.0.1");
  await once(server, "listening");
  return server;
}

/** Counts the statements in what a client sends: simple queries, and executions of prepared ones. */
function statementCounter(): (bytes: Buffer) => number {
  let pending: Buffer = Buffer.alloc(0);
  let started = false;
  return (bytes) => {
    pending = Buffer.concat([pending, bytes]);
    let count = 0;
    for (;;) {
      // The first message of a connection has no type.
      const typed = started ? 1 : 0;
      if (pending.length < typed + 4) return count;
      const size = typed + pending.readUInt32BE(typed);
      if (pending.length < size) return count;
      if (started && (pending[0] === 0x51 /* Query */ || pending[0] === 0x45) /* Execute */) {
        count += 1;
      }
      started = true;
      pending = pending.subarray(size);
    }
  };
}
