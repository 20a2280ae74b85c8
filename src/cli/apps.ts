import { createInterface } from "node:readline/promises";
import type { Command } from "commander";
import { eraseApp } from "../access/app-eraser.ts";
import { keyState } from "../access/key-state.ts";
import type { App } from "../access/key-store.ts";
import { nameRule } from "../access/name.ts";
import { addLimitCommand, describeLimit } from "./app-limit.ts";
import { CommandError, findApp, newName } from "./arguments.ts";
import type { Stores } from "./database.ts";
import { withStores } from "./database.ts";
import { details, print, table } from "./output.ts";

/** Most contacts that `apps show` counts, so that it takes about a second at most. */
const maxCounted = 1_000_000;

export function addAppCommands(program: Command): void {
  const commands = program.command("apps").description("create, list, show, limit and delete apps");

  commands
    .command("create")
    .description("create an app")
    .argument("<name>", nameRule, newName)
    .option("--json", "print one JSON object")
    .action((name: string, { json }) =>
      withStores(async ({ keys }) => {
        const app = await keys.createApp(name);
        if (app === undefined) throw new CommandError(`app ${name} exists already`);
        print(json, describeApp(app), `created app ${name}`);
      }),
    );

  commands
    .command("list")
    .description("list the apps")
    .option("--json", "print one JSON array")
    .action(({ json }) =>
      withStores(async ({ keys }) => {
        const found = (await keys.listApps()).map(describeApp);
        print(json, found, table(found));
      }),
    );

  commands
    .command("show")
    .description("show how many contacts and keys an app has, and when a key was last used")
    .argument("<name>", "the app")
    .option("--json", "print one JSON object; hasMoreContacts: contacts is a lower limit")
    .action((name: string, { json }) =>
      withStores(async (stores) => {
        const { hasMoreContacts, ...shown } = await showApp(stores, name);
        const contacts = `${hasMoreContacts ? "more than " : ""}${shown.contacts}`;
        print(json, { ...shown, hasMoreContacts }, details({ ...shown, contacts }));
      }),
    );

  addLimitCommand(commands);

  commands
    .command("delete")
    .description("delete an app with its keys and contacts; this cannot be undone")
    .argument("<name>", "the app")
    .option("--yes", "do not ask")
    .option("--json", "print one JSON object: name, contacts, keys")
    .action((name: string, { yes, json }) =>
      withStores(async (stores) => {
        const app = await findApp(stores.keys, name);
        if (!yes) await confirmDeletion(stores, name);
        const erased = await eraseApp({
          store: stores.apps,
          appId: app.id,
          requestTimeoutMs: stores.config.requestTimeoutMs,
          onWait: (ms) =>
            console.error(
              `revoked the keys; waiting ${Math.ceil(ms / 1_000)} s for requests that still use them`,
            ),
        });
        if (erased === undefined) {
          throw new CommandError(
            `somebody created a key of app ${name} meanwhile; the contacts are deleted, the app is not`,
          );
        }
        const { contacts, keys } = erased;
        const text = `deleted app ${name}: ${contacts} contacts and ${keys} keys`;
        print(json, { name, ...erased }, text);
      }),
    );
}

async function showApp({ keys, apps }: Stores, name: string) {
  const app = await findApp(keys, name);
  const records = await keys.listKeys(app.id);
  const states = records.map(keyState);
  const { count, hasMore } = await apps.countContacts(app.id, maxCounted);
  const uses = records.flatMap(({ lastUsedAt }) => lastUsedAt?.getTime() ?? []);
  return {
    ...describeApp(app),
    contacts: count,
    hasMoreContacts: hasMore,
    activeKeys: states.filter((state) => state === "active").length,
    expiredKeys: states.filter((state) => state === "expired").length,
    revokedKeys: states.filter((state) => state === "revoked").length,
    lastUsedAt: uses.length === 0 ? null : new Date(Math.max(...uses)),
  };
}

/** Asks on standard error, so that standard output has only the result. @throws CommandError */
async function confirmDeletion(stores: Stores, name: string): Promise<void> {
  const { contacts, hasMoreContacts, activeKeys } = await showApp(stores, name);
  console.error(
    `App ${name} has ${hasMoreContacts ? "more than " : ""}${contacts} contacts and ${activeKeys} active keys.`,
  );
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  lines.setPrompt("All of it will be deleted. Type the name of the app to continue: ");
  lines.prompt();
  let answer = "";
  for await (const line of lines) {
    answer = line;
    break;
  }
  lines.close();
  if (answer.trim() !== name.trim()) {
    throw new CommandError("the name was not typed; nothing was deleted (--yes does not ask)");
  }
}

function describeApp({ name, createdAt, rateLimit }: App) {
  return { name, createdAt, ...describeLimit(rateLimit) };
}
