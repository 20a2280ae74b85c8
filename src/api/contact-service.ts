import type { ContactStore } from "../contact/contact-store.ts";
import type { ContactService } from "../gen/contact/v1/contact_service_pb.ts";
import { SyncContactsResponse_Outcome } from "../gen/contact/v1/contact_service_pb.ts";
import { appIdOf, readOptionsOf, storeOptionsOf } from "./caller.ts";
import { createListHandlers } from "./list-handlers.ts";
import type { Handlers } from "./operation.ts";

export interface ContactServiceOptions {
  readonly contacts: ContactStore;
}

/**
 * The handlers of `contact.v1.ContactService`. Their callers are authenticated, and their requests satisfy
 * the rules of the proto.
 */
export function createContactService({
  contacts,
}: ContactServiceOptions): Handlers<typeof ContactService> {
  return {
    async syncContacts(request, call) {
      const entries = request.contacts.map(({ ownerXcUserId, contactXcUserId, isDeleted }) => ({
        ownerId: ownerXcUserId,
        contactId: contactXcUserId,
        isDeleted,
      }));
      // Without this, each large request in the queue would hold its entries twice.
      request.contacts = [];
      const options = { ...storeOptionsOf(call), wantsOutcomes: request.returnOutcomes };
      const { inserted, deleted, outcomes } = await contacts.sync(appIdOf(call), entries, options);
      return {
        countInserted: BigInt(inserted),
        countDeleted: BigInt(deleted),
        outcomes: outcomes?.map((outcome) => SyncContactsResponse_Outcome[outcome]) ?? [],
      };
    },

    ...createListHandlers({ contacts }),

    async checkContacts(request, call) {
      const pairs = request.pairs.map(({ ownerXcUserId, contactXcUserId }) => ({
        ownerId: ownerXcUserId,
        contactId: contactXcUserId,
      }));
      const results = await contacts.check(appIdOf(call), pairs, readOptionsOf(call));
      return { results: [...results] };
    },

    async countContacts({ xcUserId }, call) {
      const counts = await contacts.count(appIdOf(call), xcUserId, readOptionsOf(call));
      return { contactCount: BigInt(counts.contacts), ownerCount: BigInt(counts.owners) };
    },

    async replaceContacts(request, call) {
      const { ownerXcUserId, contactXcUserIds, dryRun, expectedFingerprint } = request;
      const replacement = { contactIds: contactXcUserIds, isDryRun: dryRun, expectedFingerprint };
      const options = storeOptionsOf(call);
      const counts = await contacts.replace(appIdOf(call), ownerXcUserId, replacement, options);
      return {
        countInserted: BigInt(counts.inserted),
        countDeleted: BigInt(counts.deleted),
        countUnchanged: BigInt(counts.unchanged),
      };
    },

    async fingerprintContacts({ ownerXcUserId }, call) {
      const list = await contacts.fingerprint(appIdOf(call), ownerXcUserId, readOptionsOf(call));
      return { fingerprint: list.fingerprint, contactCount: BigInt(list.contacts) };
    },

    async eraseUser({ xcUserId }, call) {
      const counts = await contacts.erase(appIdOf(call), xcUserId, storeOptionsOf(call));
      return {
        countDeletedAsOwner: BigInt(counts.asOwner),
        countDeletedAsContact: BigInt(counts.asContact),
      };
    },
  };
}
