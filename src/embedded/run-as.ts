import { readFileSync, statSync } from "node:fs";
import type { Binaries } from "./binaries.ts";
import { currentUser, type RunAs, runToEnd } from "./child.ts";
import type { DataPaths } from "./data-paths.ts";
import { EmbeddedPostgresError, hasCode } from "./errors.ts";

/** A user's numbers. */
export interface User {
  uid: number;
  gid: number;
}

/**
 * The user Postgres runs as: this process's own, except that Postgres refuses to run as root. For root
 * it is the owner of the cluster if there is one already, or else `nobody`, which exists everywhere.
 *
 * @throws {EmbeddedPostgresError} The cluster belongs to a user we are not and cannot become.
 */
export function choosePostgresUser(cluster: string): User {
  const { uid, gid } = currentUser();
  const owner = statSync(cluster, { throwIfNoEntry: false });
  if (owner && (uid === 0 ? owner.uid === 0 : owner.uid !== uid)) {
    const reason =
      uid === 0
        ? "belongs to root, as whom Postgres refuses to run. Give it to an ordinary user " +
          `(chown -R nobody "${cluster}")`
        : `belongs to another user (uid ${owner.uid}). Run Kith as that user or as root as before`;
    throw new EmbeddedPostgresError(`${cluster} ${reason}, or set DATA_DIR to another directory.`);
  }
  if (uid !== 0) return { uid, gid };
  return owner ? { uid: owner.uid, gid: owner.gid } : nobody();
}

/**
 * How to run programs as that user. Root has several ways, tried in turn by really running
 * `initdb --show`, which runs `postgres -V` and changes nothing (15 ms): modes alone do not tell (ACLs,
 * security modules, missing programs).
 *
 * 1. Just as the user. Enough unless a directory above the binaries or the data is closed to others,
 *    as /root is.
 * 2. With the one capability that passes such directories and reads closed files. Docker grants it not.
 * 3. With the larger one that Docker does grant, which ignores all file modes.
 *
 * The last two need `setpriv` (util-linux, in every Debian, Ubuntu and RHEL) and so Linux.
 *
 * @throws {EmbeddedPostgresError} No way works.
 */
export async function findWayToRun(options: {
  user: User;
  binaries: Binaries;
  env: Readonly<Record<string, string>>;
  paths: DataPaths;
}): Promise<RunAs> {
  const { user, binaries, paths } = options;
  if (currentUser().uid !== 0) return { ...user, switchUser: false, prefix: [] };

  const failures: string[] = [];
  for (const runAs of waysForRoot(user)) {
    const { code, output } = await runToEnd({
      words: ["/bin/sh", "-c", trialScript, "sh"].concat(
        [paths.root, binaries.shareFile],
        [binaries.initdb, "--show", "--pgdata=/nowhere"],
      ),
      runAs,
      env: options.env,
    });
    if (code === 0) return runAs;
    failures.push(`  ${[...runAs.prefix, "postgres"].join(" ")}: ${output || `code ${code}`}`);
  }
  throw new EmbeddedPostgresError(
    `Postgres refuses to run as root, and as the user with uid ${user.uid} it cannot run ` +
      `${binaries.postgres} on ${paths.root}. Tried:\n${failures.join("\n")}\n` +
      "Run Kith as an ordinary user, move Kith and DATA_DIR to where other users may read them, " +
      "install setpriv (util-linux), or set DATABASE_URL to a Postgres of your own.",
  );
}

const trialScript = 'cd "$1" && : <"$2" && shift 2 && exec "$@"';

function waysForRoot(user: User): RunAs[] {
  const plain: RunAs = { ...user, switchUser: true, prefix: [] };
  if (process.platform !== "linux") return [plain];
  const withCapability = (capability: string): RunAs => ({
    ...user,
    switchUser: false,
    prefix: [
      "setpriv",
      `--reuid=${user.uid}`,
      `--regid=${user.gid}`,
      "--clear-groups",
      `--inh-caps=-all,+${capability}`,
      `--ambient-caps=-all,+${capability}`,
      // initdb asks access(2), which for an ordinary user ignores capabilities without this.
      "--securebits=+no_setuid_fixup",
      "--",
    ],
  });
  return [plain, withCapability("dac_read_search"), withCapability("dac_override")];
}

function nobody(): User {
  try {
    for (const line of readFileSync("/etc/passwd", "utf8").split("\n")) {
      const [name, , uid, gid] = line.split(":");
      // Unsigned, as chown(2) wants them: macOS has nobody at -2.
      if (name === "nobody") return { uid: Number(uid) >>> 0, gid: Number(gid) >>> 0 };
    }
  } catch (error) {
    if (!hasCode(error, "ENOENT", "EACCES")) throw error;
  }
  return { uid: 65534, gid: 65534 };
}
