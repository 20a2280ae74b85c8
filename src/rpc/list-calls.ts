import type { HandlerContext, ServiceImpl } from "@connectrpc/connect";
import type { ContactReader } from "../contact/contact-store.ts";
import type { PageEntry } from "../contact/page.ts";
import type {
  Contact,
  ContactOwner,
  ContactService,
} from "../gen/contact/v1/contact_service_pb.ts";
import {
  ListContactOwnersRequestSchema,
  ListContactsRequestSchema,
  ListMutualContactsRequestSchema,
} from "../gen/contact/v1/contact_service_pb.ts";
import { principalOf } from "./auth.ts";
import { callOptionsOf } from "./call-options.ts";
import type { PagedList } from "./page-token.ts";
import { nextPageToken, pageRequestOf } from "./paging.ts";
import { timestampOf } from "./timestamp.ts";

type ListCalls = Pick<
  ServiceImpl<typeof ContactService>,
  "listContacts" | "listContactOwners" | "listMutualContacts"
>;

/** The calls of `contact.v1.ContactService` that read a list page by page. */
export function createListCalls({ contacts }: { readonly contacts: ContactReader }): ListCalls {
  return {
    async listContacts(request, context) {
      const list = listOf(context, request.ownerXcUserId);
      const wanted = pageRequestOf(request, list, ListContactsRequestSchema.field.pageToken);
      const options = callOptionsOf(context);
      const page = await contacts.listContacts(list.appId, list.userId, wanted, options);
      return { contacts: page.entries.map(toContact), nextPageToken: nextPageToken(page, list) };
    },

    async listContactOwners(request, context) {
      const list = listOf(context, request.contactXcUserId);
      const wanted = pageRequestOf(request, list, ListContactOwnersRequestSchema.field.pageToken);
      const options = callOptionsOf(context);
      const page = await contacts.listOwners(list.appId, list.userId, wanted, options);
      return { owners: page.entries.map(toOwner), nextPageToken: nextPageToken(page, list) };
    },

    async listMutualContacts(request, context) {
      const list = listOf(context, request.ownerXcUserId);
      const wanted = pageRequestOf(request, list, ListMutualContactsRequestSchema.field.pageToken);
      const options = callOptionsOf(context);
      const page = await contacts.listMutual(list.appId, list.userId, wanted, options);
      return { contacts: page.entries.map(toContact), nextPageToken: nextPageToken(page, list) };
    },
  };
}

function listOf(context: HandlerContext, userId: string): PagedList {
  return { appId: principalOf(context).appId, method: context.method.name, userId };
}

// Entries are messages from the start: what only looks like one is copied to become one.

function toContact({ id, createdAtMicros }: PageEntry): Contact {
  return {
    $typeName: "contact.v1.Contact",
    contactXcUserId: id,
    createdTime: timestampOf(createdAtMicros),
  };
}

function toOwner({ id, createdAtMicros }: PageEntry): ContactOwner {
  return {
    $typeName: "contact.v1.ContactOwner",
    ownerXcUserId: id,
    createdTime: timestampOf(createdAtMicros),
  };
}
