import pg from "pg";

/** The part of the driver that cancels queries. Its types do not include it. */
interface CancellingConnection extends pg.Connection {
  connect(portOrPath: number | string, host?: string): void;
  requestSsl(): void;
  cancel(processId: number, secretKey: number): void;
}

interface CancellableClient extends pg.ClientBase {
  readonly host: string;
  readonly port: number;
  readonly ssl: pg.ConnectionConfig["ssl"];
  readonly processID: number | null;
  readonly secretKey: number | null;
}

/** Longest that a cancel request may take, in milliseconds. */
const timeoutMs = 1_000;

/**
 * Asks the server to cancel what the client runs, over a connection of its own, as the protocol requires.
 * The server sends no response: only the connection of the client shows whether the request had an effect.
 * The promise never rejects.
 */
export function requestCancel(client: pg.ClientBase): Promise<void> {
  const { host, port, ssl, processID, secretKey } = client as CancellableClient;
  if (processID === null || secretKey === null) return Promise.resolve();
  const connection = new pg.Connection({ ssl }) as CancellingConnection;
  const send = () => connection.cancel(processID, secretKey);
  return new Promise((resolve) => {
    const timer = setTimeout(() => connection.stream.destroy(), timeoutMs);
    connection.on("error", () => connection.stream.destroy());
    connection.once("end", () => {
      clearTimeout(timer);
      resolve();
    });
    connection.once("connect", () => (ssl ? connection.requestSsl() : send()));
    connection.once("sslconnect", send);
    if (host.startsWith("/")) connection.connect(`${host}/.s.PGSQL.${port}`);
    else connection.connect(port, host);
  });
}

export function processIdOf(client: pg.ClientBase): number | null {
  return (client as CancellableClient).processID;
}
