import type { Import, SourceFile } from "./imports.ts";
import { importsOf, withoutComments } from "./imports.ts";

/**
 * The parts of the service, and the other parts that each may import. A part is a file or a directory of
 * `src`. A part imports only parts of later rows.
 */
const parts: Readonly<Record<string, readonly string[]>> = {
  main: [
    "npm-watch",
    "startup-message",
    "workers",
    "app",
    "config",
    "telemetry",
    "access",
    "errors",
  ],
  cli: [
    "version",
    "app",
    "config",
    "embedded",
    "storage",
    "telemetry",
    "contact",
    "access",
    "errors",
  ],
  "npm-watch": [],
  "startup-message": ["config", "access", "errors"],
  workers: [
    ...["app", "primary", "database", "config", "transport", "storage", "telemetry", "access"],
  ],
  app: [
    ...[
      "monitoring",
      "observation",
      "transports",
      "primary",
      "database",
      "config",
      "transport",
      "tls",
      "api",
      "storage",
      "telemetry",
    ],
    ...["contact", "access", "errors"],
  ],
  transports: [
    ...["config", "transport", "api", "storage", "telemetry", "contact", "access", "errors"],
    ...["gen", "version"],
  ],
  observation: ["config", "api", "telemetry", "version"],
  monitoring: ["primary", "config", "transport", "api", "storage", "telemetry", "version"],
  primary: ["database", "transport", "telemetry", "access"],
  database: ["config", "embedded", "storage", "access"],
  version: ["package.json"],
  config: ["environment", "tls", "storage", "telemetry", "access", "errors"],
  transport: ["tls", "api", "telemetry", "contact", "access", "errors", "gen"],
  tls: ["environment", "telemetry", "errors"],
  api: ["telemetry", "contact", "access", "errors", "gen"],
  storage: ["environment", "telemetry", "contact", "access", "errors"],
  telemetry: ["environment", "contact", "access", "errors"],
  embedded: ["access", "errors"],
  contact: ["errors"],
  access: ["errors"],
  environment: [],
  errors: [],
  gen: [],
};

/** Parts that do no input or output, and the only packages they may use. */
const pureParts = ["contact", "access", "environment", "errors"];
const purePackages = ["node:crypto"];

/** Parts that may load the embedded Postgres, which a production install does not have. */
const loadsEmbedded = ["database", "cli"];

const maxLines = 300;

/** The part that a file of `src` belongs to, as in `api` or `main`; of other files their path. */
export function partOf(path: string): string {
  const [, first = path] = /^src\/([^/]+)/.exec(path) ?? [];
  return first.replace(/\.ts$/, "");
}

/** The violations in a file, one sentence each. */
export function faultsOf(file: SourceFile): string[] {
  const part = partOf(file.path);
  const allowed = parts[part];
  if (allowed === undefined)
    return [`${file.path} does not belong to a known part: list the parts that it may import`];
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
  return found.isDynamic || found.isTypeOnly
    ? undefined
    : "embedded may only be loaded by import()";
}

function packageFault(part: string, { from, isTypeOnly }: Import): string | undefined {
  const name = from.startsWith("@") ? from.split("/", 2).join("/") : from.split("/", 1)[0];
  if (pureParts.includes(part) && !purePackages.includes(from)) {
    return `${part} does no input or output; it may use only the packages ${purePackages.join(", ")}`;
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
      ? [`${path} reads process.env: only main and cli may`]
      : []),
    ...(/\bconsole\s*\./.test(code) && part !== "cli"
      ? [`${path} uses console: only cli may`]
      : []),
  ];
}

function lengthFaults({ path, text }: SourceFile): string[] {
  const lines = text.trimEnd().split("\n").length;
  return lines < maxLines
    ? []
    : [`${path} has ${lines} lines: split it into files of fewer than ${maxLines}`];
}
