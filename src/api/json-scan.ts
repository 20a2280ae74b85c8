import type { LongList } from "./value-limit.ts";
import { maxValues, tooManyValues } from "./value-limit.ts";

/**
 * Counts the values in JSON, and makes no objects. It does not check that the JSON is valid.
 *
 * @throws Fault PARAM_TOO_MANY or BODY_TOO_MANY_VALUES if there are more than `maxValues` values
 */
export type JsonScan = (bytes: Buffer) => void;

const [quote, backslash, comma, openBrace, closeBrace, openBracket, closeBracket] = Buffer.from(
  '"\\,{}[]',
) as unknown as readonly [number, number, number, number, number, number, number];

/** @param lists the lists of the message */
export function compileJsonScan(lists: readonly LongList[]): JsonScan {
  const byName = new Map(
    lists.flatMap((list) => [list.field.jsonName, list.field.name].map((name) => [name, list])),
  );

  return (bytes) => {
    let values = 1;
    let depth = 0;
    /** The latest string. Before a list, it is the name of the list. */
    let textFrom = 0;
    let textEnd = 0;
    let list: LongList | undefined;
    let entries = 0;
    let longList: LongList | undefined;
    for (let at = 0; at < bytes.length; at++) {
      const byte = bytes[at];
      if (byte === quote) {
        textFrom = at + 1;
        textEnd = endOfText(bytes, textFrom);
        at = textEnd;
        continue;
      }
      if (byte === closeBrace || byte === closeBracket) depth -= 1;
      if (byte !== comma && byte !== openBrace && byte !== openBracket) continue;
      values += 1;
      if (byte !== comma) {
        depth += 1;
        if (depth === 2) {
          list = byName.get(bytes.toString("latin1", textFrom, textEnd));
          entries = 1;
        }
      } else if (depth === 2 && list !== undefined) {
        entries += 1;
        if (entries > list.most) longList ??= list;
      }
      if (values > maxValues) throw tooManyValues(longList);
    }
  };
}

/** The index of the quote that ends a string, or the end of the bytes. */
function endOfText(bytes: Buffer, from: number): number {
  let at = from;
  while (at < bytes.length && bytes[at] !== quote) at += bytes[at] === backslash ? 2 : 1;
  return Math.min(at, bytes.length);
}
