import type { Reason } from "../../errors.ts";
import type { ContactService } from "../../gen/contact/v1/contact_service_pb.ts";
import type { Json } from "./json-schema.ts";

/** An example of a call, as its page in `docs/calls` has it. */
export interface CallExample {
  readonly request: { readonly [name: string]: Json };
  /** The value of `data` in the response. */
  readonly data: { readonly [name: string]: Json };
  /** Whether a replica may answer the call. */
  readonly canBeStale?: true;
  /** Errors of this call alone, besides those of its parameters. */
  readonly errors?: readonly Reason[];
}

const createdTime = "2026-11-22T21:55:18.396816Z";

/** The examples of all calls, by the local name of the method. */
export const callExamples: {
  readonly [M in keyof typeof ContactService.method]: CallExample;
} = {
  syncContacts: {
    request: {
      contacts: [
        { ownerXCUserID: "alice", contactXCUserID: "frank" },
        { ownerXCUserID: "alice", contactXCUserID: "bob", isDeleted: true },
      ],
    },
    data: { countInserted: 1, countDeleted: 1 },
  },
  listContacts: {
    canBeStale: true,
    request: { ownerXCUserID: "alice", pageSize: 2 },
    data: {
      contacts: [
        { contactXCUserID: "bob", createdTime },
        { contactXCUserID: "carol", createdTime },
      ],
      nextPageToken: "OzmzMMWHuJlIq9kIY2Fyb2w",
    },
  },
  listContactOwners: {
    canBeStale: true,
    request: { contactXCUserID: "alice" },
    data: {
      owners: [
        { ownerXCUserID: "bob", createdTime },
        { ownerXCUserID: "dave", createdTime },
        { ownerXCUserID: "erin", createdTime },
      ],
      nextPageToken: "",
    },
  },
  listMutualContacts: {
    canBeStale: true,
    request: { ownerXCUserID: "alice" },
    data: {
      contacts: [
        { contactXCUserID: "bob", createdTime },
        { contactXCUserID: "dave", createdTime },
      ],
      nextPageToken: "",
    },
  },
  checkContacts: {
    canBeStale: true,
    request: {
      pairs: [
        { ownerXCUserID: "alice", contactXCUserID: "bob" },
        { ownerXCUserID: "alice", contactXCUserID: "carol" },
        { ownerXCUserID: "alice", contactXCUserID: "erin" },
      ],
    },
    data: {
      results: [
        { isContact: true, isMutual: true },
        { isContact: true, isMutual: false },
        { isContact: false, isMutual: false },
      ],
    },
  },
  countContacts: {
    canBeStale: true,
    request: { xcUserID: "carol" },
    data: { contactCount: 0, ownerCount: 1 },
  },
  replaceContacts: {
    request: { ownerXCUserID: "alice", contactXCUserIDs: ["bob", "erin"], dryRun: true },
    data: { countInserted: 1, countDeleted: 2, countUnchanged: 1 },
    errors: ["FINGERPRINT_MISMATCH"],
  },
  fingerprintContacts: {
    canBeStale: true,
    request: { ownerXCUserID: "alice" },
    data: { fingerprint: "7c7ab23b203fb83fbd62a47dabbc9050", contactCount: 3 },
  },
  eraseUser: {
    request: { xcUserID: "dave" },
    data: { countDeletedAsOwner: 1, countDeletedAsContact: 1 },
  },
};
