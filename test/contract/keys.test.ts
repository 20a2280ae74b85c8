import { describe, expect, onTestFinished, test } from "vitest";
import { hashSecret } from "../../src/access/server-key.ts";
import { createPostgresKeyStore } from "../../src/storage/postgres-key-store.ts";
import type { CreateRpcClient } from "../support/clients.ts";
import { rpcClients } from "../support/clients.ts";
import { openDatabase } from "../support/database.ts";
import type { TestApp } from "../support/service.ts";
import { base64, entry, oneContact, rejected } from "./case.ts";
import { serveContract } from "./for-file.ts";
import { sendHttp1 } from "./http.ts";
import { asMessage } from "./message.ts";
import { expectAnswer, requestOf } from "./rest.ts";
import { expectSameFault } from "./rpc.ts";

const served = serveContract();
const hour = 3_600_000;

function keyStore() {
  return createPostgresKeyStore(openDatabase(served.service.databaseUrl, 1));
}

async function send(app: TestApp, key?: string, body: unknown = oneContact) {
  const header = key === undefined ? {} : { key: () => key };
  const answer = await sendHttp1(
    served.service.port,
    requestOf({ name: "", ...header, body, expect: { http: 0 } }, app),
  );
  return { answer, envelope: JSON.parse(answer.text) };
}

/** Apps with a key that is well-formed but not valid. */
const badApps: readonly { name: string; code: string; make: () => Promise<TestApp> }[] = [
  {
    name: "an expired key",
    code: "49106",
    make: () => served.service.createApp({ expiresAt: new Date(Date.now() - 1) }),
  },
  {
    name: "a key that expired long ago",
    code: "49106",
    make: () => served.service.createApp({ expiresAt: new Date(0) }),
  },
  {
    name: "a revoked key",
    code: "49103",
    make: async () => revoke(await served.service.createApp()),
  },
  {
    name: "a revoked key that has also expired",
    code: "49103",
    make: async () => revoke(await served.service.createApp({ expiresAt: new Date(0) })),
  },
];

async function revoke(app: TestApp): Promise<TestApp> {
  await keyStore().revokeKey(app.key.id);
  return app;
}

describe.each(badApps)("$name", ({ code, make }) => {
  test(`is rejected with ${code} over REST`, async () => {
    const app = await make();
    const { answer } = await send(app);
    expectAnswer(answer, { name: "", expect: rejected(401, code) });
    expect(await served.stored.pairsOf(app.id)).toEqual([]);
  });

  test("with a wrong secret gets the same error as an unknown key", async () => {
    const app = await make();
    const wrong = await send(app, base64(`${app.key.id}:wrong`));
    const unknown = await send(app, base64("nobody:wrong"));
    expect(wrong.envelope).toEqual(unknown.envelope);
    expect(wrong.envelope.error.code).toBe("49103");
  });

  test.each(Object.entries(rpcClients))("is rejected over %s", async (_, createClient) => {
    const app = await make();
    const { envelope } = await send(app);
    const answer = await syncOver(createClient, app.header);
    expectSameFault(answer.failure, envelope.error);
    expect(await served.stored.pairsOf(app.id)).toEqual([]);
  });
});

async function syncOver(createClient: CreateRpcClient, header: string) {
  const client = createClient(served.service.url);
  onTestFinished(() => client.close());
  const message = asMessage({ name: "", body: oneContact, expect: { http: 200 } });
  if (message === undefined) throw new Error("the case has no message");
  return client.sync(message, { "server-key": header });
}

test("a key is valid until it expires", async () => {
  const app = await served.service.createApp({ expiresAt: new Date(Date.now() + hour) });
  expect((await send(app)).envelope.status).toBe(200);
});

test.each([
  { id: "colons", secret: "a:b::c:" },
  { id: "spaces", secret: " a b " },
  { id: "emoji", secret: "👍" },
  { id: "ключ", secret: "🔑" },
  { id: "i d", secret: ":" },
])("a key $id with the secret $secret is valid", async ({ id, secret }) => {
  const app = await served.service.createApp();
  const unique = `${app.key.id} ${id}`;
  const key = { id: unique, appId: app.id, secretHash: hashSecret(secret), expiresAt: null };
  await keyStore().createKey(key);
  const { envelope } = await send(app, base64(`${unique}:${secret}`));
  expect(envelope).toMatchObject({ status: 200, data: { countInserted: 1 } });
});

test("two keys of one app have the same contacts", async () => {
  const app = await served.service.createApp();
  const second = { id: `${app.key.id}-2`, secretHash: hashSecret("s"), appId: app.id };
  await keyStore().createKey({ ...second, expiresAt: null });
  expect((await send(app)).envelope.data.countInserted).toBe(1);
  expect((await send(app, base64(`${second.id}:s`))).envelope.data.countInserted).toBe(0);
});

test("an app cannot read or change the contacts of another app", async () => {
  const [one, other] = [await served.service.createApp(), await served.service.createApp()];
  const deletion = { contacts: [entry("1", "2", true)] };
  const data = async (app: TestApp, body: unknown) =>
    (await send(app, undefined, body)).envelope.data;
  expect(await data(one, oneContact)).toEqual({ countInserted: 1, countDeleted: 0 });
  expect(await data(other, deletion)).toEqual({ countInserted: 0, countDeleted: 0 });
  expect(await data(other, oneContact)).toEqual({ countInserted: 1, countDeleted: 0 });
  expect(await data(one, deletion)).toEqual({ countInserted: 0, countDeleted: 1 });
  expect(await served.stored.pairsOf(other.id)).toEqual([["1", "2"]]);
  expect(await served.stored.pairsOf(one.id)).toEqual([]);
});

test("a key with a NUL in its id does not affect keys that are looked up at the same time", async () => {
  const apps = await Promise.all(Array.from({ length: 20 }, () => served.service.createApp()));
  const answers = await Promise.all(
    apps.flatMap((app, i) => [send(app, base64(`a${i}\0:b`)), send(app)]),
  );
  const good = answers.filter((_, i) => i % 2 === 1);
  expect(good.map(({ envelope }) => envelope.status)).toEqual(apps.map(() => 200));
});
