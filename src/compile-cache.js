// `node --import` loads this file before the entry. It is JavaScript, because Node loads its TypeScript
// compiler, which takes 20 MB, only for files that are not in the cache.
import { enableCompileCache } from "node:module";
import { fileURLToPath } from "node:url";

// Without write access to the directory, the service runs without the cache.
enableCompileCache(fileURLToPath(new URL("../node_modules/.cache/kith", import.meta.url)));
