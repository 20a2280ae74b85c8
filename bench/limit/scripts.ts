import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { createDatabase } from "../../src/storage/database.ts";
import type { ReadStatements } from "../../src/storage/read-statements.ts";
import { createReadStatements } from "../../src/storage/read-statements.ts";
import { contactsEach, draw, firstUser, kindOf, owners, userId } from "../load/lists.ts";

export type ScriptName = "four-contacts" | "thousand-contacts" | "page" | "check";

/** Scripts of pgbench. Each transaction runs one of them, at random. */
export interface Scripts {
  readonly sources: readonly string[];
  /** Values of the variables that the scripts do not set. */
  readonly constants: Readonly<Record<string, string>>;
}

/** The app of all rows. */
const app = "1";
const entries = 100;
/** Enough sets to use all parts of the index. */
const pairSets = 16;

/**
 * Loads the scripts of a name. The scripts for syncs are files in this directory. The scripts for reads run
 * the statements of Kith.
 */
export async function loadScripts(name: ScriptName): Promise<Scripts> {
  if (name === "page" || name === "check") {
    const statements = await compileReads();
    return name === "page" ? pageScripts(statements) : checkScripts(statements);
  }
  const source = await readFile(join(import.meta.dirname, `${name}.sql`), "utf8");
  return { sources: [source], constants: {} };
}

/** A script for each page of a list. Each transaction draws an owner. */
function pageScripts(statements: ReadStatements): Scripts {
  const { text } = statements.listContacts(Number(app), userId(0), { size: entries });
  const pages = Array.from({ length: contactsEach / entries }, (_, page) => page);
  const setOwner = `\\set owner random(${firstUser}, ${firstUser + owners - 1})`;
  return {
    sources: pages.map(
      (page) => `${setOwner}\n${withVariables(text, ["app", "owner", `after${page}`, "size"])};\n`,
    ),
    constants: {
      app,
      size: String(entries + 1),
      ...Object.fromEntries(pages.map((page) => [`after${page}`, userId(page * entries - 1)])),
    },
  };
}

/** A script for each set of pairs. pgbench cannot make arrays, so they are constants. */
function checkScripts(statements: ReadStatements): Scripts {
  const { text } = statements.check(Number(app), []);
  const sets = Array.from({ length: pairSets }, (_, set) => set);
  return {
    sources: sets.map(
      (set) => `${withVariables(text, ["app", `owners${set}`, `contacts${set}`])};\n`,
    ),
    constants: {
      app,
      ...Object.fromEntries(
        sets.flatMap((set) => [
          [`owners${set}`, drawArray((n) => draw(kindOf(n).owner))],
          [`contacts${set}`, drawArray((n) => draw(kindOf(n).contact))],
        ]),
      ),
    },
  };
}

function drawArray(userOf: (n: number) => number): string {
  return `{${Array.from({ length: entries }, (_, n) => userId(userOf(n))).join(",")}}`;
}

/** Replaces the parameters of a statement, such as `$1`, with names. */
function withVariables(text: string, names: readonly string[]): string {
  return text.replace(/\$(\d)/g, (_, n) => `:${names[Number(n) - 1]}`);
}

async function compileReads(): Promise<ReadStatements> {
  const db = createDatabase({
    connectionString: "postgres://localhost/none",
    poolSize: 1,
    timeoutMs: 0,
    onConnectionLost: () => {},
  });
  const statements = createReadStatements(db);
  await db.destroy();
  return statements;
}
