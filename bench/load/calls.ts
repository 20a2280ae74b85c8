import { createCheckRequests } from "./check-requests.ts";
import {
  createFewOwnerRequests,
  createHotContactRequests,
  createHotOwnerRequests,
  createSamePairRequests,
} from "./contended-sync-requests.ts";
import type { CallName } from "./job.ts";
import { createFingerprintRequests, createMutualRequests } from "./long-read-requests.ts";
import { createOwnerPageRequests, createPageRequests } from "./page-requests.ts";
import { createReplaceRequests } from "./replace-requests.ts";
import type { Requests, RequestsOptions } from "./requests.ts";
import { createManyOwnerSyncRequests, createSyncRequests } from "./sync-requests.ts";
import { createTinyEntryGzipRequests, createTinyEntryRequests } from "./tiny-entry-requests.ts";

/** A call that load can be generated for. */
interface Call {
  readonly rpcPath: string;
  readonly restPath: string;
  /** Whether its messages are compressed, in gRPC. */
  readonly isGzip?: boolean;
  createRequests(options: RequestsOptions): Requests;
}

const sync = call("SyncContacts", "sync");

export const calls: Readonly<Record<CallName, Call>> = {
  sync: { ...sync, createRequests: createSyncRequests },
  page: { ...call("ListContacts", "list"), createRequests: createPageRequests },
  "owner-page": {
    ...call("ListContactOwners", "list_owners"),
    createRequests: createOwnerPageRequests,
  },
  check: { ...call("CheckContacts", "check"), createRequests: createCheckRequests },
  "sync-same-pairs": { ...sync, createRequests: createSamePairRequests },
  "sync-few-owners": { ...sync, createRequests: createFewOwnerRequests },
  "sync-hot-owner": { ...sync, createRequests: createHotOwnerRequests },
  "sync-hot-contact": { ...sync, createRequests: createHotContactRequests },
  "replace-one-list": {
    ...call("ReplaceContacts", "replace"),
    createRequests: createReplaceRequests,
  },
  "sync-many-owners": { ...sync, createRequests: createManyOwnerSyncRequests },
  mutual: { ...call("ListMutualContacts", "list_mutual"), createRequests: createMutualRequests },
  fingerprint: {
    ...call("FingerprintContacts", "fingerprint"),
    createRequests: createFingerprintRequests,
  },
  unknown: { ...call("NoSuchCall", "no_such_call"), createRequests: createSyncRequests },
  "tiny-entries": { ...sync, createRequests: createTinyEntryRequests },
  "tiny-entries-gzip": { ...sync, isGzip: true, createRequests: createTinyEntryGzipRequests },
};

function call(method: string, route: string): Pick<Call, "rpcPath" | "restPath"> {
  return {
    rpcPath: `/contact.v1.ContactService/${method}`,
    restPath: `/v1/server/contact/${route}`,
  };
}
