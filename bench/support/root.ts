import { resolve } from "node:path";

/** The repository's own directory, in which programs are run. */
export const root = resolve(import.meta.dirname, "../..");
