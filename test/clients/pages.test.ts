import { readdirSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createTestDatabase } from "../support/database.ts";
import { missingPrograms, runScript } from "./support/example.ts";
import { startServices } from "./support/services.ts";

const folder = join(import.meta.dirname, "../../docs/clients");

/** Programs that a command of a page may need. */
const programs = [
  ...[
    "buf",
    "cargo",
    "curl",
    "ghz",
    "go",
    "grpc-health-probe",
    "grpc_tools_ruby_protoc",
    "grpcurl",
    "gzip",
    "java",
    "jq",
  ],
  ...["mvn", "npm", "php", "protoc", "python3"],
];

/** Programs that the scripts of the examples need. */
const programsOfExamples: Readonly<Record<string, readonly string[]>> = {
  "go-connect": ["buf", "go"],
  "go-grpc": ["buf", "go"],
  java: ["java", "mvn"],
  javascript: ["npm"],
  "php-rest": ["php"],
  python: ["python3"],
  "python-rest": ["python3"],
  ruby: ["ruby", "grpc_tools_ruby_protoc"],
  rust: ["cargo"],
  typescript: ["npm"],
  "typescript-rest": ["npm"],
};

const resources = new AsyncDisposableStack();
const env = { KITH_URL: "", SERVER_KEY: "", CALL_SECONDS: "0" };

beforeAll(async () => {
  const database = await createTestDatabase();
  resources.defer(() => database.drop());
  const services = resources.use(await startServices(database.url));
  env.KITH_URL = `http://127.0.0.1:${services.ports[0]}`;
  env.SERVER_KEY = services.serverKey;
});

afterAll(() => resources.disposeAsync());

const pages = readdirSync(folder).map((page) => [page, commandsOf(page)] as const);

function commandsOf(page: string): readonly string[] {
  const text = readFileSync(join(folder, page), "utf8");
  return [...text.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(([, command = ""]) => command);
}

const withCommands = pages.filter(([, commands]) => commands.length > 0);

describe.each(withCommands)("docs/clients/%s", (_page, commands) => {
  /** Folder for generated code. Later commands of a page use the code of earlier ones. */
  let out: string;
  beforeAll(async () => {
    out = await mkdtemp(join(tmpdir(), "kith-clients-"));
  });
  afterAll(() => rm(out, { recursive: true, force: true }));

  test.for(commands.map((command) => [command.trim().split("\n")[0], command] as const))(
    "%s",
    async ([, command], { skip }) => {
      const missing = missingPrograms(programsOf(command));
      skip(missing.length > 0, `not installed: ${missing.join(", ")}`);
      const run = await runScript(command, { env: { ...env, OUT: out } });
      expect(run.exitCode, run.stderr + run.stdout).toBe(0);
    },
  );
});

function programsOf(command: string): readonly string[] {
  const [, example] = /examples\/([\w-]+)\/run\.sh/.exec(command) ?? [];
  if (example !== undefined) return programsOfExamples[example] ?? [];
  return programs.filter((program) => new RegExp(`(^|\\| )${program} `, "m").test(command));
}
