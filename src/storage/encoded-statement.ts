import { textArray } from "./array-parameter.ts";
import type { Statement } from "./statement.ts";
import { statementText } from "./statement.ts";

/** A statement with encoded values: strings in the text format, buffers in the binary format of their type. */
export type EncodedStatement = Statement<string | Buffer>;

/** The rows of a statement, with all columns in the text format. */
export type Rows = readonly (readonly (string | null)[])[];

/** Encodes values that are numbers, strings or lists of strings. */
export function encode({ name, text, values }: Statement): EncodedStatement {
  return {
    name,
    text,
    values: values.map((value) => (Array.isArray(value) ? textArray(value) : String(value))),
  };
}

/** A statement without values. */
export function command(name: string, text: string): EncodedStatement {
  return { ...statementText(name, text), values: [] };
}
