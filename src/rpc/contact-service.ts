import type { ServiceImpl } from "@connectrpc/connect";
import type { ContactStore } from "../contact/contact-store.ts";
import type { ContactService } from "../gen/contact/v1/contact_service_pb.ts";
import { SyncContactsResponse_Outcome } from "../gen/contact/v1/contact_service_pb.ts";
import { principalOf } from "./auth.ts";
import { callOptionsOf } from "./call-options.ts";
import { createListCalls } from "./list-calls.ts";

export interface ContactServiceOptions {
  readonly contacts: ContactStore;
}

/** `contact.v1.ContactService`. Its requests have passed auth and the rules of their messages. */
export function createContactService({
  contacts,
}: ContactServiceOptions): ServiceImpl<typeof ContactService> {
  return {
    async syncContacts(request, context) {
      const entries = request.contacts.map(({ ownerXcUserId, contactXcUserId, isDeleted }) => ({
        ownerId: ownerXcUserId,
        contactId: contactXcUserId,
        isDeleted,
      }));
      // A queue of large requests would hold both.
      request.contacts = [];
      const { inserted, deleted, outcomes } = await contacts.sync(
        principalOf(context).appId,
        entries,
        { ...callOptionsOf(context), wantsOutcomes: request.returnOutcomes },
      );
      return {
        countInserted: BigInt(inserted),
        countDeleted: BigInt(deleted),
        outcomes: outcomes?.map((outcome) => SyncContactsResponse_Outcome[outcome]) ?? [],
      };
    },

    ...createListCalls({ contacts }),

    async checkContacts(request, context) {
      const { appId } = principalOf(context);
      const pairs = request.pairs.map(({ ownerXcUserId, contactXcUserId }) => ({
        ownerId: ownerXcUserId,
        contactId: contactXcUserId,
      }));
      const results = await contacts.check(appId, pairs, callOptionsOf(context));
      return { results: [...results] };
    },

    async countContacts({ xcUserId }, context) {
      const { appId } = principalOf(context);
      const counts = await contacts.count(appId, xcUserId, callOptionsOf(context));
      return { contactCount: BigInt(counts.contacts), ownerCount: BigInt(counts.owners) };
    },

    async replaceContacts(request, context) {
      const { appId } = principalOf(context);
      const { ownerXcUserId, contactXcUserIds, dryRun, expectedFingerprint } = request;
      const replacement = { contactIds: contactXcUserIds, isDryRun: dryRun, expectedFingerprint };
      const options = callOptionsOf(context);
      const counts = await contacts.replace(appId, ownerXcUserId, replacement, options);
      return {
        countInserted: BigInt(counts.inserted),
        countDeleted: BigInt(counts.deleted),
        countUnchanged: BigInt(counts.unchanged),
      };
    },

    async fingerprintContacts({ ownerXcUserId }, context) {
      const { appId } = principalOf(context);
      const list = await contacts.fingerprint(appId, ownerXcUserId, callOptionsOf(context));
      return { fingerprint: list.fingerprint, contactCount: BigInt(list.contacts) };
    },

    async eraseUser({ xcUserId }, context) {
      const { appId } = principalOf(context);
      const counts = await contacts.erase(appId, xcUserId, callOptionsOf(context));
      return {
        countDeletedAsOwner: BigInt(counts.asOwner),
        countDeletedAsContact: BigInt(counts.asContact),
      };
    },
  };
}
