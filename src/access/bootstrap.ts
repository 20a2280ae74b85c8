import type { KeyRecord, KeyStore } from "./key-store.ts";
import type { ServerKey } from "./server-key.ts";
import { hashSecret } from "./server-key.ts";

/** The app that exists from the first start on. */
export const demoApp = "demo";

/**
 * Makes sure that the app `demo` exists and that this key is one of its keys.
 *
 * @throws Error where the key's id is taken by another app
 */
export async function ensureDemoKey(keys: KeyStore, key: ServerKey): Promise<KeyRecord> {
  const app = (await keys.createApp(demoApp)) ?? (await keys.findApp(demoApp));
  if (app === undefined) throw new Error(`app ${demoApp} vanished`);
  const record = await keys.ensureKey({
    id: key.id,
    secretHash: hashSecret(key.secret),
    appId: app.id,
    expiresAt: null,
  });
  if (record === undefined) throw new Error(`key id ${key.id} belongs to another app`);
  return record;
}
