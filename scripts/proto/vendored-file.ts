import { readFileSync } from "node:fs";

/** A file to vendor: its path below `proto`, its text and its origin. */
export interface VendoredFile {
  path: string;
  text: string;
  origin: Origin;
}

/** The npm package a file comes from. */
export interface Origin {
  name: string;
  version: string;
  licence: string;
}

/** Reads the origin from the package's own package.json. */
export function readOrigin(packageJson: string): Origin {
  const { name, version, license } = JSON.parse(readFileSync(packageJson, "utf8"));
  return { name, version, licence: license };
}
