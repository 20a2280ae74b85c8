import { resolve } from "node:path";

/** The root directory of this checkout. */
export const root = resolve(import.meta.dirname, "../..");
