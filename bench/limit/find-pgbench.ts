import { readdir } from "node:fs/promises";
import type { Processes } from "../support/processes.ts";

export interface Pgbench {
  readonly command: string;
  /** As in `15.18`. */
  readonly version: string;
}

/** Where Debian and Ubuntu have the programs of each major version. */
const debianRoot = "/usr/lib/postgresql";

/** Looks for pgbench on the PATH and where Debian has it, the newest first. */
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
      // Not there, or it cannot run: the next one may.
    }
  }
  return undefined;
}
