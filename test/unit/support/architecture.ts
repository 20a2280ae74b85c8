import type { Import, SourceFile } from "./imports.ts";
import { importsOf, withoutComments } from "./imports.ts";

/**
 * The parts of the service and what each may import of the others. Parts are files of `src` and its
 * directories; imports flow one way, from the first row to the last.
 */
const parts: Readonly<Record<string, readonly string[]>> = {
  main: ["startup-message", "app", "config", "telemetry", "access", "errors"],
  cli: ["app", "config", "embedded", "storage", "telemetry", "contact", "access", "errors"],
  version: ["package.json"],
  "startup-message": ["config", "access", "errors"],
  app: [
    ...["config", "embedded", "transport", "api", "storage", "telemetry", "contact", "access"],
    ...["errors", "gen", "version"],
  ],
  config: ["storage", "telemetry", "access", "errors"],
  transport: ["api", "telemetry", "contact", "access", "errors", "gen"],
  api: ["telemetry", "contact", "access", "errors", "gen"],
  storage: ["telemetry", "contact", "access", "errors"],
  telemetry: ["contact", "access", "errors"],
  embedded: ["access", "errors"],
  contact: ["errors"],
  access: ["errors"],
  errors: [],
  gen: [],
};

/** Parts that do no input or output, and the only packages they may use. */
const pureParts = ["contact", "access", "errors"];
const purePackages = ["node:crypto"];

/** Parts that may load the embedded Postgres, which a production install does not have. */
const loadsEmbedded = ["app", "cli"];

const maxLines = 300;

/** The part that a file of `src` belongs to, as in `api` or `main`; of other files their path. */
export function partOf(path: string): string {
  const [, first = path] = /^src\/([^/]+)/.exec(path) ?? [];
  return first.replace(/\.ts$/, "");
}

/** What is wrong with a file, one sentence for each fault. */
export function faultsOf(file: SourceFile): string[] {
  const part = partOf(file.path);
  const allowed = parts[part];
  if (allowed === undefined)
    return [`${file.path} belongs to no known part: say what it may import`];
  return [
    ...importsOf(file).flatMap((found) => {
      const fault = found.isPackage ? packageFault(part, found) : partFault(part, allowed, found);
      return fault === undefined ? [] : [`${file.path} imports ${found.from}: ${fault}`];
    }),
    ...globalFaults(part, file),
    ...(part === "gen" ? [] : lengthFaults(file)),
  ];
}

function partFault(part: string, allowed: readonly string[], found: Import): string | undefined {
  const other = partOf(found.from);
  if (other === part) return undefined;
  if (!allowed.includes(other)) return `${part} may not import ${other}`;
  if (other !== "embedded") return undefined;
  if (!loadsEmbedded.includes(part)) return `only ${loadsEmbedded.join(" and ")} load embedded`;
  return found.isDynamic || found.isTypeOnly ? undefined : "embedded is loaded by import() alone";
}

function packageFault(part: string, { from, isTypeOnly }: Import): string | undefined {
  const name = from.startsWith("@") ? from.split("/", 2).join("/") : from.split("/", 1)[0];
  if (pureParts.includes(part) && !purePackages.includes(from)) {
    return `${part} does no input or output; of packages it may use ${purePackages.join(", ")}`;
  }
  if ((name === "kysely" || name === "pg") && part !== "storage") {
    const isTypeOfApp = name === "kysely" && part === "app" && isTypeOnly;
    if (!isTypeOfApp) return "only storage imports kysely and pg; app may import kysely's types";
  }
  return undefined;
}

function globalFaults(part: string, { path, text }: SourceFile): string[] {
  const code = withoutComments(text);
  return [
    ...(/\bprocess\s*\.\s*env\b/.test(code) && !["main", "cli"].includes(part)
      ? [`${path} reads process.env: main and cli alone do`]
      : []),
    ...(/\bconsole\s*\./.test(code) && part !== "cli"
      ? [`${path} uses console: cli alone does`]
      : []),
  ];
}

function lengthFaults({ path, text }: SourceFile): string[] {
  const lines = text.trimEnd().split("\n").length;
  return lines < maxLines ? [] : [`${path} has ${lines} lines: split it, ${maxLines} is too many`];
}
