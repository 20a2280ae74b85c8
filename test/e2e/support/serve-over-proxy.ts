import { generateServerKey, serverKeyHeader } from "../../../src/access/server-key.ts";
import type { TestDatabase } from "../../support/database.ts";
import { createTestDatabase } from "../../support/database.ts";
import type { TestService } from "../../support/service.ts";
import { startServiceForTest } from "../../support/service.ts";
import type { Target } from "./calls.ts";
import type { DatabaseProxy } from "./database-proxy.ts";
import { startDatabaseProxy } from "./database-proxy.ts";

export interface ServedOverProxy {
  readonly database: TestDatabase;
  readonly proxy: DatabaseProxy;
  readonly service: TestService;
  readonly target: Target;
}

/** Starts a service whose connection to its database can be cut. The stack stops it. */
export async function serveOverProxy(
  stack: AsyncDisposableStack,
  env: Record<string, string> = {},
): Promise<ServedOverProxy> {
  const database = await createTestDatabase();
  stack.defer(() => database.drop());
  const proxy = stack.use(await startDatabaseProxy(database.url));
  const key = generateServerKey();
  const service = await startServiceForTest({
    DATABASE_URL: proxy.url,
    BOOTSTRAP_SERVER_KEY: `${key.id}:${key.secret}`,
    ...env,
  });
  stack.defer(async () => void (await service.app.close()));
  return { database, proxy, service, target: { url: service.url, header: serverKeyHeader(key) } };
}
