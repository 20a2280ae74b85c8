import { readFileSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dirname, "../../..");

/** A page of the documentation, or a section of one. */
export interface Page {
  /** From the root of the repository, as in `docs/calls/sync-contacts.md`. */
  readonly path: string;
  readonly text: string;
}

/** A command that a page shows, with the answer it shows behind it. */
export interface Example {
  readonly command: string;
  readonly answer: string;
}

export function readPage(path: string): Page {
  return { path, text: readFileSync(join(root, path), "utf8") };
}

/** What stands under a heading of the second level. @throws Error where there is none */
export function sectionOf({ path, text }: Page, heading: string): Page {
  const section = text.split(/^## /m).find((part) => part.startsWith(`${heading}\n`));
  if (section === undefined) throw new Error(`${path} has no "## ${heading}"`);
  return { path, text: section };
}

/**
 * The examples of a page, in order: blocks of `sh`, each with the block of its answer behind it.
 *
 * @throws Error where a block is neither
 */
export function examplesOf({ path, text }: Page): Example[] {
  const blocks = [...text.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)];
  const examples: Example[] = [];
  for (let n = 0; n < blocks.length; n += 2) {
    const [[, language, command = ""] = [], [, answerLanguage = "", answer = ""] = []] =
      blocks.slice(n, n + 2);
    if (language !== "sh" || !["json", "text"].includes(answerLanguage)) {
      throw new Error(`${path} has a block that is not an example with its answer:\n${command}`);
    }
    examples.push({ command: command.trim(), answer: answer.trim() });
  }
  return examples;
}

/** The cells of the tables of a page, row by row, without heads. */
export function tableRowsOf({ text }: Page): string[][] {
  return [...text.matchAll(/^\|[-|]+\|\n((?:\|.*\|\n)*)/gm)].flatMap(([, rows = ""]) =>
    rows
      .trim()
      .split("\n")
      .map((row) => row.split("|").slice(1, -1))
      .map((cells) => cells.map((cell) => cell.trim())),
  );
}
