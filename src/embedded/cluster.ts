import {
  chownSync,
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
} from "node:fs";
import { rm } from "node:fs/promises";
import type { Binaries } from "./binaries.ts";
import { type Command, type RunAs, runToEnd } from "./child.ts";
import type { DataPaths } from "./data-paths.ts";
import { EmbeddedPostgresError, hasCode } from "./errors.ts";

/** The database that a new cluster has for Kith, beside Postgres's own. */
export const database = "kith";

/**
 * Makes the cluster if there is none: initdb, the database, then one sync for all of it, in a directory
 * beside that gets its real name last. Killed at any point, by a power cut too, it leaves either no
 * cluster or a whole one.
 *
 * @param options.lockFd The cluster lock, held by the programs too: they may outlive this process.
 * @param options.durable False leaves out the sync, for clusters that nobody will miss.
 * @throws {EmbeddedPostgresError} A step failed, or the cluster is another major version's.
 */
export async function ensureCluster(options: {
  paths: DataPaths;
  binaries: Binaries;
  env: Readonly<Record<string, string>>;
  runAs: RunAs;
  lockFd: number;
  durable: boolean;
}): Promise<void> {
  const { paths, binaries, runAs } = options;
  if (clusterExists(paths, binaries)) return;

  const dir = paths.newCluster;
  await rm(dir, { recursive: true, force: true });
  mkdirSync(dir, { mode: 0o700 });
  if (process.getuid?.() !== runAs.uid) chownSync(dir, runAs.uid, runAs.gid);

  const context = { runAs, env: options.env, fd: options.lockFd };
  await must({ ...context, words: [binaries.initdb, `--pgdata=${dir}`, ...initdbFlags] });
  await must({
    ...context,
    // Without a server, unsynced (-F), and by copying files: some 60 ms.
    words: [binaries.postgres, "--single", "-F", "-D", dir, "postgres"],
    input: `CREATE DATABASE ${database} STRATEGY = file_copy\n`,
  });
  if (options.durable) {
    // One call for the whole file system is far cheaper than one for each of a thousand files.
    const method = process.platform === "linux" ? ["--sync-method=syncfs"] : [];
    await must({
      ...context,
      words: [binaries.initdb, "--sync-only", ...method, `--pgdata=${dir}`],
    });
  }
  renameSync(dir, paths.cluster);
  if (options.durable) syncDirectory(paths.root);
}

const initdbFlags = [
  "--username=postgres",
  "--auth=trust", // The socket's directory says who may connect.
  "--encoding=UTF8",
  "--locale-provider=builtin",
  "--builtin-locale=C.UTF-8",
  "--locale=C",
  "--no-sync", // All at once, further down.
  "--no-instructions",
];

function clusterExists(paths: DataPaths, binaries: Binaries): boolean {
  let version: string;
  try {
    version = readFileSync(`${paths.cluster}/PG_VERSION`, "utf8").trim();
  } catch (error) {
    if (hasCode(error, "ENOENT")) return false;
    throw error;
  }
  if (version === binaries.major) return true;
  throw new EmbeddedPostgresError(
    `${paths.cluster} was made by Postgres ${version}, and this is Postgres ${binaries.major}, which cannot ` +
      "read it. Use the release of Kith it was made with, or move it away to begin anew.",
  );
}

async function must(command: Command & { input?: string; fd: number }): Promise<void> {
  const { code, output } = await runToEnd(command);
  if (code === 0) return;
  const hint = output.includes("could not look up effective user ID")
    ? "\nThis user id has no name: give it a line in /etc/passwd, run Kith as a user who has one, " +
      "or set DATABASE_URL to a Postgres of your own."
    : "";
  throw new EmbeddedPostgresError(
    `Could not make the embedded Postgres's data directory: ${command.words.join(" ")} ended with ` +
      `code ${code}:\n${output}${hint}`,
  );
}

function syncDirectory(path: string): void {
  const fd = openSync(path, "r");
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
