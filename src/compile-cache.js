// Loaded by `node --import` before the entry, and not in TypeScript: where all that follows is in the cache,
// compiled and without its types, Node does not load its compiler of TypeScript, which takes 20 MB.
import { enableCompileCache } from "node:module";
import { fileURLToPath } from "node:url";

// Where the directory cannot be written, the service runs as it would without.
enableCompileCache(fileURLToPath(new URL("../node_modules/.cache/kith", import.meta.url)));
