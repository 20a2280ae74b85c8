import { setTimeout as sleep } from "node:timers/promises";
import { status as GrpcStatus } from "@grpc/grpc-js";
import { expect, test } from "vitest";
import { generateServerKey, serverKeyHeader } from "../../src/access/server-key.ts";
import { withAdmin } from "../support/database.ts";
import type { TestService } from "../support/service.ts";
import { startServiceForTest } from "../support/service.ts";
import type { Target } from "./support/calls.ts";
import {
  encodeSync,
  entry,
  expectToServe,
  openGrpc,
  rpcPath,
  syncOverGrpc,
  syncOverRest,
} from "./support/calls.ts";
import { eventually } from "./support/eventually.ts";
import { exchangeHttp2, grpcFrame, grpcStatusOf, openHttp2, untilRead } from "./support/http2.ts";
import { serveOverProxy } from "./support/serve-over-proxy.ts";

/** The time after which a revoked key is rejected, in milliseconds. */
const revocationMs = 10_000;

const rejected = (code: string) => ({ status: 401, code });

test("a key that is revoked while it is in use is rejected within 10 s", async () => {
  const service = await startServiceForTest();
  const { header, key } = await service.createApp();
  const { header: other } = await service.createApp();
  const target = { url: service.url, header };
  const client = openGrpc(service.url);
  await expectToServe(target);

  await withAdmin(service.databaseUrl, (admin) =>
    admin.query("UPDATE server_key SET revoked_at = now() WHERE id = $1", [key.id]),
  );
  const revokedAt = performance.now();
  await eventually("the key is rejected", async () => {
    const sentAt = performance.now();
    const { status, body } = await syncOverRest(target, [entry("a", "b")]);
    if (status !== 200) expect({ status, code: body.error.code }).toEqual(rejected("49103"));
    // An accepted request may take any time, but it was sent within the limit.
    else expect(sentAt - revokedAt).toBeLessThan(revocationMs);
    return status !== 200;
  });
  await expect(syncOverGrpc(client, header, [["a", "b"]]).answer).rejects.toMatchObject({
    code: GrpcStatus.UNAUTHENTICATED,
  });
  client.close();
  await expectToServe({ url: service.url, header: other });
});

test("a key that expires while it is in use is rejected immediately", async () => {
  const service = await startServiceForTest();
  const { target, expiresAt } = await useKeyThatExpires(service);
  await sleep(expiresAt - Date.now() + 50);
  const { status, body } = await syncOverRest(target, [entry("a", "b")]);
  expect({ status, code: body.error.code }).toEqual(rejected("49106"));
});

/** Creates a key with a short life, and uses it before it expires. If that takes too long, tries a longer life. */
async function useKeyThatExpires(
  service: TestService,
  lifeMs = 2_000,
): Promise<{ readonly target: Target; readonly expiresAt: number }> {
  const expiresAt = Date.now() + lifeMs;
  const { header } = await service.createApp({ expiresAt: new Date(expiresAt) });
  const target = { url: service.url, header };
  const { status } = await syncOverRest(target, [entry("a", "b")]);
  if (Date.now() >= expiresAt) return useKeyThatExpires(service, 2 * lifeMs);
  expect(status).toBe(200);
  return { target, expiresAt };
}

test("a key that is created while the service runs is valid immediately", async () => {
  const service = await startServiceForTest();
  const unknown = { url: service.url, header: serverKeyHeader(generateServerKey()) };
  expect((await syncOverRest(unknown, [entry("a", "b")])).status).toBe(401);
  const { header } = await service.createApp();
  await expectToServe({ url: service.url, header });
});

test("many unknown keys cost few statements, and a valid key continues to work", async () => {
  await using stack = new AsyncDisposableStack();
  const { database, proxy, service, target } = await serveOverProxy(stack);
  await expectToServe(target);

  // The database does not answer a look-up until the service has read all requests.
  const before = proxy.statements();
  const codes = await withAdmin(database.url, async (admin) => {
    await admin.query("BEGIN; LOCK TABLE server_key IN ACCESS EXCLUSIVE MODE");
    using session = openHttp2(service.port);
    const answers = Array.from({ length: 300 }, () => {
      const header = serverKeyHeader(generateServerKey());
      const headers = {
        ":path": rpcPath,
        "content-type": "application/grpc",
        "server-key": header,
      };
      return exchangeHttp2(session, { headers, body: grpcFrame(encodeSync(["a", "b"])) });
    });
    await untilRead(session);
    await admin.query("ROLLBACK");
    return (await Promise.all(answers)).map(grpcStatusOf);
  });
  expect(new Set(codes)).toEqual(new Set([GrpcStatus.UNAUTHENTICATED]));
  const statements = proxy.statements() - before;
  expect(statements).toBeGreaterThan(0);
  expect(statements).toBeLessThan(20);

  const one = serverKeyHeader(generateServerKey());
  const beforeOne = proxy.statements();
  const startedAt = performance.now();
  for (let n = 0; n < 100; n++) await syncOverRest({ ...target, header: one }, [entry("a", "b")]);
  // The service forgets an unknown key after 2 s, and then looks it up again.
  const seconds = (performance.now() - startedAt) / 1_000;
  expect(proxy.statements() - beforeOne).toBeLessThan(10 + 2 * seconds);
  await expectToServe(target);
});

test.each([
  ["revoked", "revoked_at", "SERVER_KEY_INVALID"],
  ["expired", "expires_at", "SERVER_KEY_EXPIRED"],
])("the log says that a key is %s", async (_, column, reason) => {
  const service = await startServiceForTest();
  const { name, header, key } = await service.createApp();
  await withAdmin(service.databaseUrl, (admin) =>
    admin.query(`UPDATE server_key SET ${column} = now() WHERE id = $1`, [key.id]),
  );
  const client = openGrpc(service.url);
  await syncOverRest({ url: service.url, header }, [entry("a", "b")]);
  await syncOverGrpc(client, header, [["a", "b"]]).answer.catch(() => {});
  await fetch(`${service.url}/contact.v1.ContactService/SyncContacts`, {
    method: "POST",
    headers: { "Server-Key": header, "Content-Type": "application/json" },
    body: "{}",
  });
  client.close();
  const lines = () => service.logs.filter((line) => line.reason === reason);
  await eventually("three lines", async () => lines().length === 3);
  expect(new Set(lines().map(({ protocol }) => protocol)).size).toBe(3);
  for (const line of lines()) expect(line).toMatchObject({ app: name, keyId: key.id });
  expect(JSON.stringify(service.logs)).not.toContain(key.secret);
});
