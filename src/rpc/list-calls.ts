import type { DescField } from "@bufbuild/protobuf";
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
import type { PagedRequest } from "./paging.ts";
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
      const { entries, nextPageToken } = await readPage(contacts.listContacts, {
        request,
        context,
        userId: request.ownerXcUserId,
        tokenField: ListContactsRequestSchema.field.pageToken,
      });
      return { contacts: entries.map(toContact), nextPageToken };
    },

    async listContactOwners(request, context) {
      const { entries, nextPageToken } = await readPage(contacts.listOwners, {
        request,
        context,
        userId: request.contactXcUserId,
        tokenField: ListContactOwnersRequestSchema.field.pageToken,
      });
      return { owners: entries.map(toOwner), nextPageToken };
    },

    async listMutualContacts(request, context) {
      const { entries, nextPageToken } = await readPage(contacts.listMutual, {
        request,
        context,
        userId: request.ownerXcUserId,
        tokenField: ListMutualContactsRequestSchema.field.pageToken,
      });
      return { contacts: entries.map(toContact), nextPageToken };
    },
  };
}

interface PagedCall {
  readonly request: PagedRequest;
  readonly context: HandlerContext;
  /** Whose list it is. */
  readonly userId: string;
  readonly tokenField: DescField;
}

async function readPage(
  read: ContactReader["listContacts" | "listOwners" | "listMutual"],
  { request, context, userId, tokenField }: PagedCall,
) {
  const list = { appId: principalOf(context).appId, method: context.method.name, userId };
  const wanted = pageRequestOf(request, list, tokenField);
  const page = await read(list.appId, userId, wanted, callOptionsOf(context));
  return { entries: page.entries, nextPageToken: nextPageToken(page, list) };
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
