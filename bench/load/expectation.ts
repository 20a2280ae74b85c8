import { shareOfDeletions } from "./sync-bodies.ts";

/** The one right answer to a request whose pairs are new: all insertions happen, all deletions miss. */
export interface Expectation {
  /** What is wrong with these counts; undefined if nothing is. */
  check(inserted: unknown, deleted: unknown): string | undefined;
  /** The same for a `SyncContactsResponse` in the binary format. */
  checkMessage(bytes: Buffer, start: number, end: number): string | undefined;
}

export function createExpectation({ contacts }: { readonly contacts: number }): Expectation {
  const { insertions } = shareOfDeletions(contacts);

  function check(inserted: unknown, deleted: unknown): string | undefined {
    if (inserted === insertions && deleted === 0) return undefined;
    return `counts ${inserted} and ${deleted} in place of ${insertions} and 0`;
  }

  return {
    check,
    checkMessage(bytes, start, end) {
      const counts = [0, 0, 0];
      let at = start;
      const varint = () => {
        let value = 0;
        for (let scale = 1; at < end; scale *= 128) {
          const byte = bytes[at++] as number;
          value += (byte & 127) * scale;
          if (byte < 128) return value;
        }
        return Number.NaN;
      };
      while (at < end) {
        const tag = varint();
        if (tag !== 0x08 && tag !== 0x10) return `unexpected field tag ${tag} in the answer`;
        counts[tag >> 3] = varint();
      }
      return check(counts[1], counts[2]);
    },
  };
}
