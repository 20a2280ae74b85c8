import type { TestProject } from "vitest/node";
import { canPrepare, pgbouncerVersion, startPgBouncer } from "./pgbouncer.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** Present if the service of this project reaches its database through a pooler. */
    pooler?: {
      readonly port: number;
      readonly prepares: boolean;
      /** Whether it does not notice that DISCARD ALL removes prepared statements. */
      readonly missesDiscard: boolean;
    };
  }
}

/** Starts PgBouncer for a project of tests, after their Postgres. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  if (pgbouncerVersion() === undefined) {
    throw new Error("these tests need PgBouncer; install it, or set PGBOUNCER to its program");
  }
  const { postgresUrl } = project.getProvidedContext();
  const pooler = await startPgBouncer(postgresUrl);
  const [major, minor] = pgbouncerVersion() ?? [];
  project.provide("pooler", {
    port: pooler.port,
    prepares: canPrepare(),
    missesDiscard: major === 1 && minor === 21,
  });
  return () => pooler.stop();
}
