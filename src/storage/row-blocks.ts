/** Rows in the text format of COPY, which is one line for each row, in blocks of so many rows. */
export interface RowBlocks {
  hasMore(): Promise<boolean>;
  /** Reads this many rows, without a result. */
  skip(rows: number): Promise<void>;
  /** The next rows, at most this many. */
  take(rows: number): AsyncIterable<Buffer>;
}

const lineBreak = 10;

/** @param source the rows, in pieces that may end within a row */
export function createRowBlocks(source: AsyncIterable<Buffer>): RowBlocks {
  const pieces = source[Symbol.asyncIterator]();
  let rest: Buffer = Buffer.alloc(0);

  async function hasMore(): Promise<boolean> {
    while (rest.length === 0) {
      const { value, done } = await pieces.next();
      if (done) return false;
      rest = value;
    }
    return true;
  }

  async function* take(rows: number): AsyncIterable<Buffer> {
    for (let left = rows; left > 0 && (await hasMore()); ) {
      let end = 0;
      while (left > 0) {
        const next = rest.indexOf(lineBreak, end);
        if (next === -1) {
          end = rest.length;
          break;
        }
        end = next + 1;
        left -= 1;
      }
      const piece = rest.subarray(0, end);
      rest = rest.subarray(end);
      yield piece;
    }
  }

  return {
    hasMore,
    take,
    async skip(rows) {
      for await (const _ of take(rows));
    },
  };
}
