import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { SyncContactsRequest } from "../../src/gen/contact/v1/contact_service_pb.ts";
import type { RpcClient } from "../support/clients.ts";
import { rpcClients } from "../support/clients.ts";
import type { TestApp } from "../support/service.ts";
import { entry } from "./case.ts";
import { serveContract } from "./for-file.ts";
import { sendHttp1, sendHttp2 } from "./http.ts";
import { asMessage } from "./message.ts";
import { createModel } from "./model.ts";
import { requestOf } from "./rest.ts";

const served = serveContract();

interface Counts {
  readonly countInserted: number;
  readonly countDeleted: number;
}

/** Syncs over one of the transports, and returns the counts. */
type Sync = (app: TestApp, body: unknown) => Promise<Counts>;

const transports: Record<string, Sync> = {
  "REST over HTTP/1.1": (app, body) => syncOverRest(sendHttp1, app, body),
  "REST over HTTP/2": (app, body) => syncOverRest(sendHttp2, app, body),
};

async function syncOverRest(send: typeof sendHttp1, app: TestApp, body: unknown): Promise<Counts> {
  const testCase = { name: "", body, expect: { http: 200 } };
  const answer = await send(served.service.port, requestOf(testCase, app));
  expect(answer.status).toBe(200);
  return JSON.parse(answer.text).data;
}

const clients: RpcClient[] = [];
beforeAll(() => {
  for (const [name, createClient] of Object.entries(rpcClients)) {
    const client = createClient(served.service.url);
    clients.push(client);
    transports[name] = async ({ header }, body) => {
      const message = asMessage({ name: "", body, expect: { http: 200 } }) as SyncContactsRequest;
      const { response, failure } = await client.sync(message, { "server-key": header });
      expect(failure).toBeUndefined();
      return {
        countInserted: Number(response?.countInserted),
        countDeleted: Number(response?.countDeleted),
      };
    };
  }
});
afterAll(() => {
  for (const client of clients) client.close();
});

const id = fc.constantFrom("a", "b", "ab", "A", " ", "é", "e\u0301", "__proto__", '"', "👍");
const flag = fc.constantFrom(undefined, null, false, "false", true, "true");
const anyEntry = fc
  .tuple(id, id, flag)
  .map(([owner, contact, isDeleted]) => entry(owner, contact, isDeleted));
const anyBody = fc.record({ contacts: fc.array(anyEntry, { minLength: 1, maxLength: 12 }) });

test("syncs over any transport store the same pairs as the model", async () => {
  const names = Object.keys(transports);
  const step = fc.record({ body: anyBody, transport: fc.constantFrom(...names) });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 6 }), async (steps) => {
      const app = await served.service.createApp();
      const model = createModel();
      for (const { body, transport } of steps) {
        expect(await transports[transport]?.(app, body)).toEqual(model.sync(body));
      }
      expect(await served.stored.pairsOf(app.id)).toEqual(model.pairs());
    }),
    { numRuns: 100 },
  );
});

describe("concurrent syncs", () => {
  const everyTransport = () => Object.values(transports);

  test("count the same new contacts once among all callers", async () => {
    const app = await served.service.createApp();
    const contacts = Array.from({ length: 200 }, (_, i) => entry("o", `c${i}`));
    const orders = [contacts, contacts.toReversed()];
    const answers = await Promise.all(
      everyTransport().flatMap((sync) => orders.map((order) => sync(app, { contacts: order }))),
    );
    expect(sum(answers, "countInserted")).toBe(200);
    expect(sum(answers, "countDeleted")).toBe(0);
    expect(await served.stored.pairsOf(app.id)).toHaveLength(200);
  });

  test("count the same deletions once among all callers", async () => {
    const app = await served.service.createApp();
    const contacts = Array.from({ length: 200 }, (_, i) => entry("o", `c${i}`));
    await transports["REST over HTTP/1.1"]?.(app, { contacts });
    const deletions = contacts.map((each) => ({ ...each, isDeleted: true }));
    const answers = await Promise.all(
      everyTransport().map((sync) => sync(app, { contacts: deletions })),
    );
    expect(sum(answers, "countDeleted")).toBe(200);
    expect(await served.stored.pairsOf(app.id)).toEqual([]);
  });

  test("store the contacts that are inserted and not deleted, in any order", async () => {
    const app = await served.service.createApp();
    const rounds = Array.from({ length: 12 }, (_, round) =>
      everyTransport().map((sync, transport) => {
        const contacts = Array.from({ length: 50 }, (_, i) =>
          entry("o", `c${(i * (transport + 3) + round) % 50}`, (i + transport + round) % 2 === 0),
        );
        return sync(app, { contacts });
      }),
    );
    const answers = await Promise.all(rounds.flat());
    const left = await served.stored.pairsOf(app.id);
    expect(sum(answers, "countInserted") - sum(answers, "countDeleted")).toBe(left.length);
  });
});

function sum(answers: readonly Counts[], name: keyof Counts): number {
  return answers.reduce((total, answer) => total + answer[name], 0);
}
