import type { DescField } from "@bufbuild/protobuf";
import type { ContactReader } from "../contact/contact-store.ts";
import type { PageEntry } from "../contact/page.ts";
import type { Contact, ContactOwner } from "../gen/contact/v1/contact_service_pb.ts";
import {
  ContactService,
  ListContactOwnersRequestSchema,
  ListContactsRequestSchema,
  ListMutualContactsRequestSchema,
} from "../gen/contact/v1/contact_service_pb.ts";
import type { Call } from "./call.ts";
import { appIdOf, readOptionsOf } from "./caller.ts";
import type { Handlers } from "./operation.ts";
import type { PagedRequest } from "./paging.ts";
import { nextPageToken, pageRequestOf } from "./paging.ts";
import { createTimestampMaker } from "./timestamp.ts";

type ListHandlers = Pick<
  Handlers<typeof ContactService>,
  "listContacts" | "listContactOwners" | "listMutualContacts"
>;

const { listContacts, listContactOwners, listMutualContacts } = ContactService.method;

/** The handlers of `contact.v1.ContactService` that read a list page by page. */
export function createListHandlers({
  contacts,
}: {
  readonly contacts: ContactReader;
}): ListHandlers {
  return {
    async listContacts(request, call) {
      const { entries, nextPageToken } = await readPage(contacts.listContacts, {
        request,
        call,
        method: listContacts.name,
        userId: request.ownerXcUserId,
        tokenField: ListContactsRequestSchema.field.pageToken,
      });
      return { contacts: toContacts(entries), nextPageToken };
    },

    async listContactOwners(request, call) {
      const { entries, nextPageToken } = await readPage(contacts.listOwners, {
        request,
        call,
        method: listContactOwners.name,
        userId: request.contactXcUserId,
        tokenField: ListContactOwnersRequestSchema.field.pageToken,
      });
      return { owners: toOwners(entries), nextPageToken };
    },

    async listMutualContacts(request, call) {
      const { entries, nextPageToken } = await readPage(contacts.listMutual, {
        request,
        call,
        method: listMutualContacts.name,
        userId: request.ownerXcUserId,
        tokenField: ListMutualContactsRequestSchema.field.pageToken,
      });
      return { contacts: toContacts(entries), nextPageToken };
    },
  };
}

interface PagedCall {
  readonly request: PagedRequest;
  readonly call: Call;
  /** Name of the RPC. */
  readonly method: string;
  /** The user whose list is read. */
  readonly userId: string;
  readonly tokenField: DescField;
}

async function readPage(
  read: ContactReader["listContacts" | "listOwners" | "listMutual"],
  { request, call, method, userId, tokenField }: PagedCall,
) {
  const list = { appId: appIdOf(call), method, userId };
  const pageRequest = pageRequestOf(request, list, tokenField);
  const page = await read(list.appId, userId, pageRequest, readOptionsOf(call));
  return { entries: page.entries, nextPageToken: nextPageToken(page, list) };
}

// Entries are complete messages. `create` would copy plain objects into new messages.

function toContacts(entries: readonly PageEntry[]): Contact[] {
  const timeOf = createTimestampMaker();
  return entries.map(({ id, createdAtMicros }) => ({
    $typeName: "contact.v1.Contact",
    contactXcUserId: id,
    createdTime: timeOf(createdAtMicros),
  }));
}

function toOwners(entries: readonly PageEntry[]): ContactOwner[] {
  const timeOf = createTimestampMaker();
  return entries.map(({ id, createdAtMicros }) => ({
    $typeName: "contact.v1.ContactOwner",
    ownerXcUserId: id,
    createdTime: timeOf(createdAtMicros),
  }));
}
