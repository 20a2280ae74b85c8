import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { ServerKey } from "../access/server-key.ts";
import { generateServerKey, splitServerKey } from "../access/server-key.ts";

/**
 * Returns the demo key. The first start creates it, and later starts read it from a file of the data
 * directory. The file contains `id:secret`, and only its owner can read it.
 *
 * @throws Error if the content of the file is not a key
 */
export async function loadDemoKey(dataDir: string): Promise<ServerKey> {
  const file = join(dataDir, "server-key");
  const made = generateServerKey();
  try {
    await mkdir(dataDir, { recursive: true });
    await writeFile(file, `${made.id}:${made.secret}\n`, { flag: "wx", mode: 0o600 });
    return made;
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
  }
  const key = splitServerKey((await readFile(file, "utf8")).trim());
  if (key === undefined)
    throw new Error(`${file} must hold KEY_ID:KEY_SECRET; delete it to get a new key`);
  return key;
}
