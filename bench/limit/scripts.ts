import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { createDatabase } from "../../src/storage/database.ts";
import type { ReadStatements } from "../../src/storage/read-statements.ts";
import { createReadStatements } from "../../src/storage/read-statements.ts";
import { contactsEach, draw, firstUser, kindOf, owners, userId } from "../load/lists.ts";

export type ScriptName = "four-contacts" | "thousand-contacts" | "page" | "check";

/** Scripts of pgbench, of which each transaction runs one, drawn at random. */
export interface Scripts {
  readonly sources: readonly string[];
  /** Values of the variables that scripts do not set. */
  readonly constants: Readonly<Record<string, string>>;
}

/** The app that all rows are of. */
const app = "1";
const entries = 100;
/** Enough to touch all of the index. */
const pairSets = 16;

/** The scripts of a name: those of syncs stand beside this file, those of reads run Kith's own statements. */
export async function loadScripts(name: ScriptName): Promise<Scripts> {
  if (name === "page" || name === "check") {
    const statements = await compileReads();
    return name === "page" ? pageScripts(statements) : checkScripts(statements);
  }
  const source = await readFile(join(import.meta.dirname, `${name}.sql`), "utf8");
  return { sources: [source], constants: {} };
}

/** A script for each page of a list, the owner drawn anew each time. */
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

/** A script for each set of pairs: pgbench has no arrays, but takes them as constants. */
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

/** A statement with names in the place of `$1` and so on. */
function withVariables(text: string, names: readonly string[]): string {
  return text.replace(/\$(\d)/g, (_, n) => `:${names[Number(n) - 1]}`);
}

async function compileReads(): Promise<ReadStatements> {
  const db = createDatabase({
    connectionString: "",
    poolSize: 1,
    timeoutMs: 0,
    onConnectionLost: () => {},
  });
  const statements = createReadStatements(db);
  await db.destroy();
  return statements;
}
