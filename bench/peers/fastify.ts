/** A plain service with Fastify, without optimisations. */
import Fastify from "fastify";
import { createSyncContacts } from "./sync-contacts.ts";

interface Body {
  readonly contacts: readonly {
    readonly ownerXCUserID: string;
    readonly contactXCUserID: string;
    readonly isDeleted?: boolean;
  }[];
}

const { DATABASE_URL = "", PORT = "" } = process.env;
const sync = createSyncContacts({ databaseUrl: DATABASE_URL });

const id = { type: "string", minLength: 1, maxLength: 50 };
const schema = {
  body: {
    type: "object",
    required: ["contacts"],
    properties: {
      contacts: {
        type: "array",
        minItems: 1,
        maxItems: 10_000,
        items: {
          type: "object",
          required: ["ownerXCUserID", "contactXCUserID"],
          properties: { ownerXCUserID: id, contactXCUserID: id, isDeleted: { type: "boolean" } },
        },
      },
    },
  },
};

const app = Fastify({ bodyLimit: 8 << 20 });
app.post<{ Body: Body }>("/v1/server/contact/sync", { schema }, async ({ body }) => {
  const entries = body.contacts.map((entry) => ({
    ownerId: entry.ownerXCUserID,
    contactId: entry.contactXCUserID,
    isDeleted: entry.isDeleted ?? false,
  }));
  const { inserted, deleted } = await sync(entries);
  return {
    status: 200,
    error: { code: "", message: "", field: "" },
    data: { countInserted: Number(inserted), countDeleted: Number(deleted) },
  };
});
await app.listen({ host: "127.0.0.1", port: Number(PORT) });
process.once("SIGTERM", () => process.exit());
