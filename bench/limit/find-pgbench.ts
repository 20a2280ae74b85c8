import { readdir } from "node:fs/promises";
import type { Processes } from "../support/processes.ts";

export interface Pgbench {
  readonly command: string;
  /** Such as `15.18`. */
  readonly version: string;
}

/** Directory of the programs of each major version, on Debian and Ubuntu. */
const debianRoot = "/usr/lib/postgresql";

/** Looks for pgbench on the PATH, then in the directories of Debian, the newest version first. */
export async function findPgbench(processes: Processes): Promise<Pgbench | undefined> {
  const majors = await readdir(debianRoot).catch(() => []);
  const inDebian = majors
    .sort((a, b) => Number(b) - Number(a))
    .map((major) => `${debianRoot}/${major}/bin/pgbench`);
  for (const command of ["pgbench", ...inDebian]) {
    try {
      const { stdout } = await processes.run({ command, args: ["--version"] });
      return { command, version: /\d[\w.]*/.exec(stdout)?.[0] ?? "" };
    } catch {
      // It does not exist or cannot run. Try the next one.
    }
  }
  return undefined;
}
