/** A plain service with grpc-js, without optimisations. */
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import type { handleUnaryCall, ServiceDefinition } from "@grpc/grpc-js";
import { Server, ServerCredentials, status } from "@grpc/grpc-js";
import type {
  SyncContactsRequest,
  SyncContactsResponse,
} from "../../src/gen/contact/v1/contact_service_pb.ts";
import {
  SyncContactsRequestSchema,
  SyncContactsResponseSchema,
} from "../../src/gen/contact/v1/contact_service_pb.ts";
import { createSyncContacts } from "./sync-contacts.ts";

const { DATABASE_URL = "", PORT = "" } = process.env;
const sync = createSyncContacts({ databaseUrl: DATABASE_URL });

const definition = {
  syncContacts: {
    path: "/contact.v1.ContactService/SyncContacts",
    requestStream: false,
    responseStream: false,
    requestSerialize: (message: SyncContactsRequest) =>
      Buffer.from(toBinary(SyncContactsRequestSchema, message)),
    requestDeserialize: (bytes: Buffer) => fromBinary(SyncContactsRequestSchema, bytes),
    responseSerialize: (message: SyncContactsResponse) =>
      Buffer.from(toBinary(SyncContactsResponseSchema, message)),
    responseDeserialize: (bytes: Buffer) => fromBinary(SyncContactsResponseSchema, bytes),
  },
} satisfies ServiceDefinition;

const syncContacts: handleUnaryCall<SyncContactsRequest, SyncContactsResponse> = (call, answer) => {
  const entries = call.request.contacts.map((entry) => ({
    ownerId: entry.ownerXcUserId,
    contactId: entry.contactXcUserId,
    isDeleted: entry.isDeleted,
  }));
  sync(entries).then(
    ({ inserted, deleted }) => {
      const counts = { countInserted: inserted, countDeleted: deleted };
      answer(null, create(SyncContactsResponseSchema, counts));
    },
    (error) => answer({ code: status.INTERNAL, details: String(error) }),
  );
};

const server = new Server();
server.addService(definition, { syncContacts });
server.bindAsync(`127.0.0.1:${PORT}`, ServerCredentials.createInsecure(), (error) => {
  if (error !== null) throw error;
});
process.once("SIGTERM", () => process.exit());
