import type { Command } from "commander";
import { keyState } from "../access/key-state.ts";
import type { KeyRecord } from "../access/key-store.ts";
import { nameRule } from "../access/name.ts";
import { generateServerKey, hashSecret, serverKeyHeader } from "../access/server-key.ts";
import { CommandError, duration, findApp, newName } from "./arguments.ts";
import { withStores } from "./database.ts";
import { details, print, table } from "./output.ts";

const expiresOption = [
  "--expires <duration>",
  "such as 90d, 12h or 30m; without it the key does not expire",
  duration,
] as const;

/** Overlap of a rotation by default, in milliseconds. */
const defaultOverlapMs = 86_400_000;

export function addKeyCommands(program: Command): void {
  const commands = program
    .command("keys")
    .description("create, list, rotate and revoke Server-Keys");

  commands
    .command("create")
    .description("create a Server-Key; its secret is shown only once")
    .requiredOption("--app <name>", "the app of the key")
    .option("--name <name>", `what the key is for: ${nameRule}`, newName)
    .option(...expiresOption)
    .option("--json", "print one JSON object: app, name, id, secret, header, expiresAt")
    .action(({ app: appName, name, expires, json }) =>
      withStores(async ({ keys }) => {
        const app = await findApp(keys, appName);
        const key = generateServerKey();
        const secretHash = hashSecret(key.secret);
        const expiresAt = expiryOf(expires);
        await keys.createKey({ id: key.id, name, secretHash, appId: app.id, expiresAt });
        const created = {
          app: appName,
          name: name ?? null,
          ...key,
          header: serverKeyHeader(key),
          expiresAt,
        };
        print(json, created, details(created));
      }),
    );

  commands
    .command("list")
    .description("list the Server-Keys of an app or of all apps, without their secrets")
    .option("--app <name>", "the app")
    .option("--json", "print one JSON array")
    .action(({ app: appName, json }) =>
      withStores(async ({ keys }) => {
        const app = appName === undefined ? undefined : await findApp(keys, appName);
        const found = (await keys.listKeys(app?.id)).map(describeKey);
        print(json, found, table(found));
      }),
    );

  commands
    .command("rotate")
    .description(
      "create a key with the app and the name of another, which expires after the overlap",
    )
    .argument("<key-id>", "the key to replace, as shown by keys list")
    .option("--overlap <duration>", "how long both keys are valid; 24h by default", duration)
    .option(...expiresOption)
    .option("--json", "print one JSON object: app, name, id, secret, header, expiresAt, replaces")
    .action((id: string, { overlap: overlapMs = defaultOverlapMs, expires, json }) =>
      withStores(async ({ keys }) => {
        const key = generateServerKey();
        const expiresAt = expiryOf(expires);
        const newKey = { id: key.id, secretHash: hashSecret(key.secret), expiresAt };
        const rotated = await keys.rotateKey({ id, overlapMs, newKey });
        if (rotated === undefined) throw await notRotated(keys, id);
        const { oldKey } = rotated;
        const created = {
          app: oldKey.appName,
          name: oldKey.name,
          ...key,
          header: serverKeyHeader(key),
          expiresAt,
        };
        const replaces = { id, expiresAt: oldKey.expiresAt };
        const note = `key ${id} is valid until ${oldKey.expiresAt?.toISOString()}`;
        print(json, { ...created, replaces }, `${details(created)}\n\n${note}`);
      }),
    );

  commands
    .command("revoke")
    .description("revoke a Server-Key; every process rejects it within 10 seconds")
    .argument("<key-id>", "as shown by keys list")
    .option("--json", "print one JSON object")
    .action((id: string, { json }) =>
      withStores(async ({ keys }) => {
        const record = await keys.revokeKey(id);
        if (record === undefined) throw new CommandError(`there is no key ${id}`);
        print(json, describeKey(record), `revoked key ${id}`);
      }),
    );
}

function expiryOf(lifeMs: number | undefined): Date | null {
  return lifeMs === undefined ? null : new Date(Date.now() + lifeMs);
}

async function notRotated(
  keys: { findKeys(ids: readonly string[]): Promise<KeyRecord[]> },
  id: string,
): Promise<CommandError> {
  const [record] = await keys.findKeys([id]);
  if (record === undefined) return new CommandError(`there is no key ${id}`);
  return new CommandError(
    `key ${id} is ${keyState(record)}; create a new key with kith keys create --app`,
  );
}

function describeKey(record: KeyRecord) {
  const { id, appName: app, name, createdAt, expiresAt, revokedAt, lastUsedAt } = record;
  return { id, app, name, state: keyState(record), createdAt, expiresAt, lastUsedAt, revokedAt };
}
