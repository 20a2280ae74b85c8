import { execFile } from "node:child_process";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll } from "vitest";
import { startEmbeddedPostgres } from "../../../src/embedded/postgres.ts";
import { makeClusterDirectory } from "../../support/cluster-directory.ts";

const run = promisify(execFile);

/**
 * Makes one cluster for the file, for tests that do not test how a cluster is made. To copy it takes a fifth
 * of the time of `initdb`.
 *
 * @returns a function that makes a data directory with a copy
 */
export function clusterForFile(): (dataDir: string) => Promise<void> {
  let parent: string;
  const original = () => join(parent, "data");
  beforeAll(async () => {
    parent = makeClusterDirectory("kith-cluster-");
    const postgres = await startEmbeddedPostgres({
      dataDir: original(),
      settings: { fsync: "off" },
    });
    await postgres.stop();
  });
  afterAll(() => rm(parent, { recursive: true, force: true }));
  return async (dataDir) => {
    // Unlike Node's copy, it keeps the owner of the files.
    await run("cp", ["-a", original(), dataDir]);
  };
}
