import { rm } from "node:fs/promises";
import type { TestProject } from "vitest/node";
import { startEmbeddedPostgres } from "../../src/embedded/postgres.ts";
import { createDatabase } from "../../src/storage/database.ts";
import { migrate } from "../../src/storage/migrate.ts";
import { makeClusterDirectory } from "./cluster-directory.ts";
import { templateDatabase, urlOf, withAdmin } from "./database.ts";
import { patienceMs } from "./patience.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** The connection string of the Postgres of this run. Its database is only for administration. */
    postgresUrl: string;
  }
}

/** Starts one Postgres for all projects of the run, with a migrated database that test files clone. */
export default async function setup(
  project: TestProject,
): Promise<(() => Promise<void>) | undefined> {
  // Every project that needs Postgres calls this. The first one starts it and shares it through the root.
  const root = project.vitest.getRootProject();
  if ("postgresUrl" in root.getProvidedContext()) return undefined;

  const { connectionString, stop } = await openServer();

  await withAdmin(connectionString, async (admin) => {
    await admin.query(`DROP DATABASE IF EXISTS ${templateDatabase}`);
    await admin.query(`CREATE DATABASE ${templateDatabase}`);
  });
  const db = createDatabase({
    connectionString: urlOf(connectionString, templateDatabase),
    poolSize: 1,
    timeoutMs: patienceMs,
    onConnectionLost: () => {},
  });
  await migrate(db);
  await db.destroy();

  root.provide("postgresUrl", connectionString);
  return stop;
}

interface Server {
  readonly connectionString: string;
  readonly stop: () => Promise<void>;
}

/** TEST_DATABASE_URL names a server to use, such as one of another version. By default one is started. */
async function openServer(): Promise<Server> {
  const given = process.env.TEST_DATABASE_URL;
  if (given !== undefined) return { connectionString: given, stop: async () => {} };
  const dataDir = makeClusterDirectory("kith-test-");
  const postgres = await startEmbeddedPostgres({
    dataDir,
    settings: {
      ...{ fsync: "off", synchronous_commit: "off", full_page_writes: "off" },
      // Many test files share the server. On a busy machine the default number of locks is not enough.
      max_pred_locks_per_transaction: "512",
    },
  });
  return {
    connectionString: postgres.connectionString,
    async stop() {
      await postgres.stop();
      // A file that appears or disappears during the removal must not fail a run whose tests have passed.
      await rm(dataDir, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
    },
  };
}
