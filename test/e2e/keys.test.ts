import { setTimeout as sleep } from "node:timers/promises";
import { status as GrpcStatus } from "@grpc/grpc-js";
import { expect, test } from "vitest";
import { generateServerKey, serverKeyHeader } from "../../src/access/server-key.ts";
import { createTestDatabase, withAdmin } from "../support/database.ts";
import { startServiceForTest } from "../support/service.ts";
import { entry, expectToServe, openGrpc, syncOverGrpc, syncOverRest } from "./support/calls.ts";
import { startDatabaseProxy } from "./support/database-proxy.ts";
import { eventually } from "./support/eventually.ts";

/** A revoked key is refused within this, in milliseconds. */
const revocationMs = 10_000;
/** What a test leaves to a slow machine beyond that. */
const marginMs = 2_000;

test("a key that is revoked while it is in use is refused within 10 s", async () => {
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
  let refused = await syncOverRest(target, [entry("a", "b")]);
  while (refused.status === 200 && performance.now() - revokedAt < revocationMs + marginMs) {
    await sleep(100);
    refused = await syncOverRest(target, [entry("a", "b")]);
  }
  expect({ status: refused.status, code: refused.body.error.code }).toEqual({
    status: 401,
    code: "49103",
  });
  await expect(syncOverGrpc(client, header, [["a", "b"]]).answer).rejects.toMatchObject({
    code: GrpcStatus.UNAUTHENTICATED,
  });
  client.close();
  await expectToServe({ url: service.url, header: other });
});

test("a key that expires while it is in use is refused at once", async () => {
  const service = await startServiceForTest();
  const expiresAt = new Date(Date.now() + 2_000);
  const { header } = await service.createApp({ expiresAt });
  const target = { url: service.url, header };
  await expectToServe(target);
  await sleep(expiresAt.getTime() - Date.now() + 50);
  const { status, body } = await syncOverRest(target, [entry("a", "b")]);
  expect({ status, code: body.error.code }).toEqual({ status: 401, code: "49106" });
});

test("a key that is made while the service runs is good at once", async () => {
  const service = await startServiceForTest();
  const unknown = { url: service.url, header: serverKeyHeader(generateServerKey()) };
  expect((await syncOverRest(unknown, [entry("a", "b")])).status).toBe(401);
  const { header } = await service.createApp();
  await expectToServe({ url: service.url, header });
});

test("a flood of unknown keys costs few statements, and the good key goes on", async () => {
  const database = await createTestDatabase();
  await using stack = new AsyncDisposableStack();
  stack.defer(() => database.drop());
  const proxy = stack.use(await startDatabaseProxy(database.url));
  const good = generateServerKey();
  const service = await startServiceForTest({
    DATABASE_URL: proxy.url,
    BOOTSTRAP_SERVER_KEY: `${good.id}:${good.secret}`,
  });
  stack.defer(async () => void (await service.app.close()));
  const target = { url: service.url, header: serverKeyHeader(good) };
  await expectToServe(target);

  const before = proxy.statements();
  const codes = await Promise.all(
    Array.from({ length: 300 }, async () => {
      const header = serverKeyHeader(generateServerKey());
      const { body } = await syncOverRest({ ...target, header }, [entry("a", "b")]);
      return body.error.code;
    }),
  );
  const distinct = proxy.statements() - before;
  expect(new Set(codes)).toEqual(new Set(["49103"]));
  expect(distinct).toBeGreaterThan(0);
  expect(distinct).toBeLessThan(100);

  const one = serverKeyHeader(generateServerKey());
  const beforeOne = proxy.statements();
  for (let n = 0; n < 100; n++) await syncOverRest({ ...target, header: one }, [entry("a", "b")]);
  expect(proxy.statements() - beforeOne).toBeLessThan(50);
  await expectToServe(target);
});

test.each([
  ["revoked", "revoked_at", "SERVER_KEY_INVALID"],
  ["expired", "expires_at", "SERVER_KEY_EXPIRED"],
])("the log says of a key that is %s which it is", async (_, column, reason) => {
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
