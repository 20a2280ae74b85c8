import { timingSafeEqual } from "node:crypto";
import type { App, KeyRecord, KeyStore } from "./key-store.ts";
import type { ServerKey } from "./server-key.ts";
import { hashSecret } from "./server-key.ts";

/** The name of the app that the first start creates. */
export const demoApp = "demo";

/** The source of the key, for error messages. */
const source = "BOOTSTRAP_SERVER_KEY (or of the file server-key in DATA_DIR)";

/**
 * Creates the app `demo` and adds this key to it. Writes nothing if both exist. It never changes a key,
 * because two versions in a rolling deployment would then replace each other's secret.
 *
 * @throws Error if the id of the key belongs to another app, or exists with another secret
 */
export async function ensureDemoKey(keys: KeyStore, key: ServerKey): Promise<KeyRecord> {
  const secretHash = hashSecret(key.secret);
  const app = await ensureApp(keys, demoApp);
  const record =
    (await findKey(keys, key.id)) ??
    (await keys.createKey({ id: key.id, secretHash, appId: app.id, expiresAt: null })) ??
    (await findKey(keys, key.id));
  if (record === undefined) throw new Error(`key ${key.id} vanished`);
  if (record.appId !== app.id) {
    throw new Error(`key id ${key.id} of ${source} belongs to another app`);
  }
  if (!timingSafeEqual(record.secretHash, secretHash)) {
    throw new Error(
      `key id ${key.id} of ${source} exists with another secret; a new secret needs a new key id`,
    );
  }
  return record;
}

async function ensureApp(keys: KeyStore, name: string): Promise<App> {
  const app =
    (await keys.findApp(name)) ?? (await keys.createApp(name)) ?? (await keys.findApp(name));
  if (app === undefined) throw new Error(`app ${name} vanished`);
  return app;
}

async function findKey(keys: KeyStore, id: string): Promise<KeyRecord | undefined> {
  const [record] = await keys.findKeys([id]);
  return record;
}
