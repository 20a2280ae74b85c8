import { expect, test } from "vitest";
import { ensureDemoKey } from "../../src/access/bootstrap.ts";
import { createKeyVerifier } from "../../src/access/key-verifier.ts";
import { generateServerKey, hashSecret, serverKeyHeader } from "../../src/access/server-key.ts";
import { Fault } from "../../src/errors.ts";
import { createPostgresKeyStore } from "../../src/storage/postgres-key-store.ts";
import { openDatabase } from "../support/database.ts";
import { describeDatabases } from "./support/describe-databases.ts";

describeDatabases({ "DateStyle German": { DateStyle: "German, DMY" } }, (url) => {
  async function start() {
    const keys = createPostgresKeyStore(openDatabase(url(), 2));
    const key = generateServerKey();
    const { appId } = await ensureDemoKey(keys, key);
    const verifier = createKeyVerifier({ keys });
    const verify = async (header: string) => verifier.verify(header);
    const principal = { appId, appName: "demo", keyId: key.id, rateLimit: null };
    return { keys, key, header: serverKeyHeader(key), verify, principal };
  }

  test("a key in the database identifies the caller", async () => {
    const { header, verify, principal } = await start();
    expect(await verify(header)).toEqual(principal);
  });

  test("the same app is there at the second start, with both keys", async () => {
    const first = await start();
    const second = await start();
    expect(second.principal.appId).toBe(first.principal.appId);
    expect(await second.verify(first.header)).toEqual(first.principal);
  });

  test("a bootstrap key with the id of another app's key is rejected", async () => {
    const { keys } = await start();
    const app = await keys.createApp("other");
    const key = generateServerKey();
    const secretHash = Buffer.alloc(32);
    await keys.createKey({ id: key.id, secretHash, appId: app?.id ?? 0, expiresAt: null });
    await expect(ensureDemoKey(keys, key)).rejects.toThrow(key.id);
  });

  test("a bootstrap key with a new secret for a known id is rejected, and the old secret stays valid", async () => {
    const { keys, key, header, verify, principal } = await start();
    const changed = { ...key, secret: "another secret" };
    await expect(ensureDemoKey(keys, changed)).rejects.toThrow(
      /exists with another secret; a new secret needs a new key id$/,
    );
    expect(await verify(header)).toEqual(principal);
    expect(await verify(serverKeyHeader(changed))).toMatchObject({ reason: "SERVER_KEY_INVALID" });
  });

  test("a bootstrap key that is known is not written again, so that it can be on a read-only database", async () => {
    const { keys, key } = await start();
    const [record] = await keys.findKeys([key.id]);
    const reading = { ...keys, createApp: refuse, createKey: refuse };
    expect(await ensureDemoKey(reading, key)).toEqual(record);
  });

  async function refuse(): Promise<never> {
    throw new Error("nothing may be written");
  }

  test("an expired key is rejected, and a key that expires later is valid", async () => {
    const { keys, principal, verify } = await start();
    const headerOf = async (expiresAt: Date) => {
      const { id, secret } = generateServerKey();
      await keys.createKey({
        id,
        secretHash: hashSecret(secret),
        appId: principal.appId,
        expiresAt,
      });
      return serverKeyHeader({ id, secret });
    };
    const expired = await headerOf(new Date(Date.now() - 1_000));
    await expect(verify(expired)).rejects.toMatchObject({ reason: "SERVER_KEY_EXPIRED" });
    const later = await headerOf(new Date(Date.now() + 3_600_000));
    expect(await verify(later)).toMatchObject({ appName: "demo" });
  });

  test("a revoked key is rejected", async () => {
    const { keys, key, header, verify } = await start();
    await keys.revokeKey(key.id);
    await expect(verify(header)).rejects.toMatchObject({ reason: "SERVER_KEY_INVALID" });
  });

  /** Ids that a header can carry, of keys that cannot exist. */
  const impossible: [name: string, id: string][] = [
    ["a NUL", "a\0b"],
    ["nothing but a NUL", "\0"],
    ["the replacement character", "\ufffd"],
    ["700 characters", "x".repeat(700)],
  ];

  test.each(impossible)("an id of %s is rejected like an unknown id", async (_, id) => {
    const { verify } = await start();
    const refused = await verify(serverKeyHeader({ id, secret: "x" })).catch((error) => error);
    expect(refused).toBeInstanceOf(Fault);
    expect(["SERVER_KEY_INVALID", "SERVER_KEY_MALFORMED"]).toContain(refused.reason);
  });

  test.each(impossible)(
    "an id of %s does not affect other calls in the same look-up",
    async (_, id) => {
      const { header, verify, principal } = await start();
      // The first look-up is in flight while the others are pending, so these two share the next one.
      const answers = [
        serverKeyHeader({ id: "first", secret: "x" }),
        serverKeyHeader({ id, secret: "x" }),
        header,
      ].map(verify);
      const [, , mine] = await Promise.allSettled(answers);
      expect(mine).toEqual({ status: "fulfilled", value: principal });
    },
  );
});
