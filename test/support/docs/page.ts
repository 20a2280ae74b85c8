import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dirname, "../../..");

/** A page of the documentation, or a section of one. */
export interface Page {
  /** Relative to the root of the repository, such as `docs/calls/sync-contacts.md`. */
  readonly path: string;
  readonly text: string;
}

/** A command on a page, with the response that follows it. */
export interface Example {
  readonly command: string;
  readonly answer: string;
}

/** @throws Error if there is no such page */
export function readPage(path: string): Page {
  const file = join(root, path);
  if (!existsSync(file))
    throw new Error(`write the page ${path} (see CONTRIBUTING.md, "Add an RPC")`);
  return { path, text: readFileSync(file, "utf8") };
}

/** The text under a heading of the second level. @throws Error if the page has no such heading */
export function sectionOf({ path, text }: Page, heading: string): Page {
  const section = text.split(/^## /m).find((part) => part.startsWith(`${heading}\n`));
  if (section === undefined) throw new Error(`${path} has no "## ${heading}"`);
  return { path, text: section };
}

/**
 * The examples of a page, in order. Each is a block of `sh`, followed by the block of its response.
 *
 * @throws Error if a block is neither a command nor a response
 */
export function examplesOf({ path, text }: Page): Example[] {
  const blocks = [...text.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)];
  const examples: Example[] = [];
  for (let n = 0; n < blocks.length; n += 2) {
    const [[, language, command = ""] = [], [, answerLanguage = "", answer = ""] = []] =
      blocks.slice(n, n + 2);
    if (language !== "sh" || !["json", "text"].includes(answerLanguage)) {
      throw new Error(`${path} has a block that is not an example with its response:\n${command}`);
    }
    examples.push({ command: command.trim(), answer: answer.trim() });
  }
  return examples;
}

/** The cells of the tables of a page, row by row, without the header rows. */
export function tableRowsOf({ text }: Page): string[][] {
  return [...text.matchAll(/^\|[-|]+\|\n((?:\|.*\|\n)*)/gm)].flatMap(([, rows = ""]) =>
    rows
      .trim()
      .split("\n")
      .map((row) => row.split("|").slice(1, -1))
      .map((cells) => cells.map((cell) => cell.trim())),
  );
}
