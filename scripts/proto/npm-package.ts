import { execFileSync } from "node:child_process";
import { hash } from "node:crypto";
import { mkdtempSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { readOrigin, type VendoredFile } from "./vendored-file.ts";

/** A pinned npm package and the files to take from it. */
export interface NpmPackage {
  name: string;
  version: string;
  /** The archive's integrity, as `npm view NAME@VERSION dist.integrity` prints it. */
  integrity: string;
  /** The target path of each file, and its path in the package. */
  files: Readonly<Record<string, string>>;
}

/** Downloads a package into the directory, and reads the files to take from it. */
export function readNpmPackage(source: NpmPackage, directory: string): VendoredFile[] {
  const unpacked = mkdtempSync(join(directory, "package-"));
  const members = ["package.json", ...Object.values(source.files)].map((path) => `package/${path}`);
  execFileSync("tar", ["-xzf", download(source, unpacked), "-C", unpacked, ...members]);
  const origin = readOrigin(join(unpacked, "package/package.json"));
  return Object.entries(source.files).map(([path, member]) => ({
    path,
    text: readFileSync(join(unpacked, "package", member), "utf8"),
    origin,
  }));
}

/** Returns the path of the archive. Throws if its integrity is not the pinned one. */
function download({ name, version, integrity }: NpmPackage, directory: string): string {
  const spec = `${name}@${version}`;
  const output = execFileSync("npm", ["pack", spec, "--silent", "--pack-destination", directory], {
    encoding: "utf8",
  });
  const archive = join(directory, output.trim());
  const actual = `sha512-${hash("sha512", readFileSync(archive), "base64")}`;
  if (actual !== integrity) {
    throw new Error(`${spec}: expected the integrity ${integrity}, got ${actual}`);
  }
  return archive;
}
