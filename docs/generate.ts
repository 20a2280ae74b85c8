/** Writes the generated files of this directory: `node docs/generate.ts`, as `npm run generate` does. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { generatedFiles } from "./generated-files.ts";

for (const [name, text] of Object.entries(generatedFiles)) {
  writeFileSync(join(import.meta.dirname, name), text);
}
