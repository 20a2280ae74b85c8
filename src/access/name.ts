/**
 * Letters, marks, digits, punctuation, symbols and the space, but no invisible characters: no control or
 * format characters, no other white space, and no letters or symbols without a glyph.
 */
const printable = /^[[\p{L}\p{M}\p{N}\p{P}\p{S} ]--[\p{Default_Ignorable_Code_Point}\u2800]]+$/v;

const maxLength = 50;

/** The rule for names of apps and keys, for error messages. */
export const nameRule = `1 to ${maxLength} printable characters`;

/**
 * Parses the name of a new app or key. White space around it is removed.
 *
 * @returns undefined unless it has 1 to 50 characters (code points), all of them printable
 */
export function parseName(text: string): string | undefined {
  const name = text.trim();
  const length = [...name].length;
  return length <= maxLength && printable.test(name) ? name : undefined;
}
