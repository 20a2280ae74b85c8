import { once } from "node:events";
import type { Writable } from "node:stream";
import pg from "pg";
import { withoutQueryTimeout } from "./write-connection.ts";

type Chunk = { readonly chunk: Buffer };
type Complete = { readonly text: string };

/** Far longer than a row. Each row is a message of its own, and to write each alone would take ten times as long. */
const blockBytes = 262_144;

/** A COPY statement. The driver calls its methods when messages arrive. */
class CopyQuery extends pg.Query {
  readonly query_timeout = withoutQueryTimeout.query_timeout;
  readonly ended = Promise.withResolvers<number>();
  readonly #text: string;
  #count = 0;
  callback = (error: Error | null): void => {
    if (error === null) this.ended.resolve(this.#count);
    else this.ended.reject(error);
  };

  constructor(text: string) {
    super("");
    this.#text = text;
    // A COPY that fails early is awaited later.
    this.ended.promise.catch(() => {});
  }

  override submit = (connection: pg.Connection): void => connection.query(this.#text);

  /** The text is `COPY` with the number of rows. */
  handleCommandComplete({ text }: Complete): void {
    this.#count = Number(text.split(" ").at(-1));
  }

  handleError(error: Error): void {
    this.callback(error);
  }

  handleReadyForQuery(): void {
    this.callback(null);
  }
}

/**
 * Writes the rows of `COPY ... TO STDOUT` to a stream, without its end.
 *
 * @returns the number of rows
 */
export async function copyOut(
  client: pg.PoolClient,
  text: string,
  out: Writable,
  onRow: () => void,
): Promise<number> {
  let block = Buffer.allocUnsafe(blockBytes);
  let length = 0;
  const flush = () => {
    const isRoom = out.write(block.subarray(0, length));
    block = Buffer.allocUnsafe(blockBytes);
    length = 0;
    return isRoom;
  };
  const query = Object.assign(new CopyQuery(text), {
    handleCopyData: ({ chunk }: Chunk, { stream }: pg.Connection) => {
      onRow();
      const isRoom = length + chunk.length <= blockBytes || flush();
      length += chunk.copy(block, length);
      if (isRoom || stream.isPaused()) return;
      stream.pause();
      out.once("drain", () => stream.resume());
    },
  });
  const onError = (error: Error) => {
    query.ended.reject(error);
    client.connection.stream.destroy();
  };
  out.once("error", onError);
  client.query(query);
  try {
    const count = await query.ended.promise;
    flush();
    return count;
  } finally {
    out.off("error", onError);
  }
}

/** What the driver has for COPY, beyond its types. */
interface CopyingConnection {
  sendCopyFromChunk(chunk: Buffer): void;
  endCopyFrom(): void;
  sendCopyFail(message: string): void;
}

/**
 * Sends rows to `COPY ... FROM STDIN`.
 *
 * @returns the number of rows
 * @throws what `rows` throws, or the error of the driver
 */
export async function copyIn(
  client: pg.PoolClient,
  text: string,
  rows: AsyncIterable<Buffer>,
): Promise<number> {
  const ready = Promise.withResolvers<void>();
  const query = Object.assign(new CopyQuery(text), { handleCopyInResponse: () => ready.resolve() });
  let hasEnded = false;
  query.ended.promise.then(
    () => ready.resolve(),
    () => {
      hasEnded = true;
      ready.resolve();
    },
  );
  client.query(query);
  await ready.promise;
  const connection = client.connection as unknown as CopyingConnection;
  const { stream } = client.connection;
  try {
    for await (const chunk of rows) {
      if (hasEnded) break;
      connection.sendCopyFromChunk(chunk);
      if (stream.writableNeedDrain)
        await Promise.race([once(stream, "drain"), query.ended.promise]);
    }
    if (!hasEnded) connection.endCopyFrom();
  } catch (error) {
    if (!hasEnded) connection.sendCopyFail("the rows cannot be read");
    await query.ended.promise.catch(() => {});
    throw error;
  }
  return query.ended.promise;
}
