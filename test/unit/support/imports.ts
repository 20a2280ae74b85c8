import { readdirSync, readFileSync } from "node:fs";
import { join, posix, relative, sep } from "node:path";

export interface SourceFile {
  /** A path such as `src/api/auth.ts`. */
  readonly path: string;
  readonly text: string;
}

export interface Import {
  /** A path such as `src/errors.ts`, or a package such as `node:fs` or `kysely/migration`. */
  readonly from: string;
  readonly isPackage: boolean;
  /** Whether the import is erased at run time. */
  readonly isTypeOnly: boolean;
  readonly isDynamic: boolean;
}

const root = join(import.meta.dirname, "../../..");

/** The TypeScript files below a directory of the repository, in order. */
export function readSources(directory: string): SourceFile[] {
  return readdirSync(join(root, directory), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
    .map((file) => ({
      path: relative(root, file).split(sep).join("/"),
      text: readFileSync(file, "utf8"),
    }));
}

const statement = /^(?:import|export)\s+(?:(type)\s+)?([^;"']*?\s+from\s+)?["']([^"']+)["']/gm;
const dynamic = /\bimport\(\s*["']([^"']+)["']/g;

/** The static and dynamic imports and the re-exports of a file. */
export function importsOf(file: SourceFile): Import[] {
  const text = withoutComments(file.text);
  const statements = [...text.matchAll(statement)].map(([, type, names = "", from = ""]) => ({
    ...target(file, from),
    isTypeOnly: type === "type" || namesTypesOnly(names),
    isDynamic: false,
  }));
  const dynamics = [...text.matchAll(dynamic)].map(([, from = ""]) => ({
    ...target(file, from),
    isTypeOnly: false,
    isDynamic: true,
  }));
  return [...statements, ...dynamics];
}

/** The text without its comments. This is exact enough for formatted code. */
export function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, "").replace(/(^|\s)\/\/.*$/gm, "");
}

function target({ path }: SourceFile, from: string): Pick<Import, "from" | "isPackage"> {
  if (!from.startsWith(".")) return { from, isPackage: true };
  return { from: posix.join(posix.dirname(path), from), isPackage: false };
}

/** Whether the list names only types, as in `{ type A, type B } from`. */
function namesTypesOnly(names: string): boolean {
  const [, list] = /^\{([^}]*)\}\s+from\s+$/.exec(names) ?? [];
  const listed = list?.split(",").map((name) => name.trim()) ?? [];
  const named = listed.filter((name) => name !== "");
  return named.length > 0 && named.every((name) => name.startsWith("type "));
}
