import { createHash } from "node:crypto";

/** A statement that is prepared once on each connection, under its name. Without a name, it is not kept. */
export interface Statement<Value = unknown> {
  readonly name: string;
  readonly text: string;
  readonly values: readonly Value[];
}

/** The name and the text of a statement, without values. */
export type StatementText = Pick<Statement, "name" | "text">;

/**
 * Adds a hash of the text to the name. Processes of several versions may share server sessions behind a
 * pooler, so a name must mean the same text to all of them.
 */
export function statementText(name: string, text: string): StatementText {
  const hash = createHash("sha256").update(text).digest("hex").slice(0, 16);
  return { name: `kith_${name}_${hash}`, text };
}
