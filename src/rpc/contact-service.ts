import type { ServiceImpl } from "@connectrpc/connect";
import type { ContactStore } from "../contact/contact-store.ts";
import type { ContactService } from "../gen/contact/v1/contact_service_pb.ts";
import { principalOf } from "./auth.ts";

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
      const { inserted, deleted } = await contacts.sync(principalOf(context).appId, entries, {
        signal: context.signal,
        timeLeftMs: context.timeoutMs,
      });
      return { countInserted: BigInt(inserted), countDeleted: BigInt(deleted) };
    },
  };
}
