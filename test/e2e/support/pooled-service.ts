import { onTestFinished } from "vitest";
import { createTestDatabase } from "../../support/database.ts";
import type { PgBouncer } from "../../support/pgbouncer.ts";
import { canPrepare } from "../../support/pgbouncer.ts";
import { startService } from "../../support/service.ts";
import type { Target } from "./calls.ts";

/** A service that reaches a database of its own through the pooler. It stops when the test ends. */
export async function createPooledService(
  pooler: PgBouncer,
  env: Readonly<Record<string, string>> = {},
): Promise<{ readonly target: Target; readonly databaseUrl: string }> {
  const { url, drop } = await createTestDatabase();
  onTestFinished(drop);
  const service = await startService({
    DATABASE_URL: pooler.urlOf(url),
    DATABASE_PREPARE: canPrepare() ? "on" : "off",
    ...env,
  });
  onTestFinished(() => service.stop());
  const { header } = await service.createApp();
  return { target: { url: service.url, header }, databaseUrl: url };
}
