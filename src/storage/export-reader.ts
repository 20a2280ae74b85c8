/** Reads an export: lines of JSON, and between them the rows of tables in the text format of COPY. */
export interface ExportReader {
  /** The next line, as JSON. @throws Error at the end of the file, or if the line is not JSON */
  readLine(): Promise<unknown>;
  /** The rows up to the line `\.`, which is read too. */
  readRows(): AsyncIterable<Buffer>;
  /** Reads the end of the file, where its checksum is. @throws Error if something else follows */
  readEnd(): Promise<void>;
}

const endOfRows = Buffer.from("\n\\.\n");
const maxLineBytes = 1_000_000;

export function createExportReader(source: AsyncIterable<Buffer>): ExportReader {
  const chunks = source[Symbol.asyncIterator]();
  let rest = Buffer.alloc(0);

  async function readMore(): Promise<void> {
    const { value, done } = await chunks.next();
    if (done) throw new Error("the file ends too early");
    rest = Buffer.concat([rest, value]);
  }

  return {
    async readEnd() {
      const { value } = rest.length > 0 ? { value: rest } : await chunks.next();
      if (value !== undefined) throw new Error("the file continues after its end");
    },

    async readLine() {
      let end = rest.indexOf(10);
      while (end === -1) {
        if (rest.length > maxLineBytes) throw new Error("the file is not an export of Kith");
        await readMore();
        end = rest.indexOf(10);
      }
      const text = rest.toString("utf8", 0, end);
      rest = rest.subarray(end + 1);
      try {
        return JSON.parse(text);
      } catch {
        throw new Error("the file is not an export of Kith");
      }
    },

    async *readRows() {
      // The end is a line of its own, so a line break precedes it, also if there are no rows.
      rest = Buffer.concat([Buffer.from("\n"), rest]);
      let skipped = 1;
      for (;;) {
        const end = rest.indexOf(endOfRows);
        const upTo = end === -1 ? rest.length - endOfRows.length : end + 1;
        if (upTo > skipped) {
          yield rest.subarray(skipped, upTo);
          // The last byte stays: it can be the line break before the end.
          rest = rest.subarray(upTo - 1);
          skipped = 1;
        }
        if (end !== -1) {
          rest = rest.subarray(rest.indexOf(endOfRows) + endOfRows.length);
          return;
        }
        await readMore();
      }
    },
  };
}
