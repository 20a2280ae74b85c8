import { createCheckRequests } from "./check-requests.ts";
import {
  createFewOwnerRequests,
  createHotContactRequests,
  createHotOwnerRequests,
  createSamePairRequests,
} from "./contended-sync-requests.ts";
import type { CallName } from "./job.ts";
import { createPageRequests } from "./page-requests.ts";
import { createReplaceRequests } from "./replace-requests.ts";
import type { Requests, RequestsOptions } from "./requests.ts";
import { createSyncRequests } from "./sync-requests.ts";

/** A call that load can be generated for. */
interface Call {
  readonly rpcPath: string;
  readonly restPath: string;
  createRequests(options: RequestsOptions): Requests;
}

const sync = call("SyncContacts", "sync");

export const calls: Readonly<Record<CallName, Call>> = {
  sync: { ...sync, createRequests: createSyncRequests },
  page: { ...call("ListContacts", "list"), createRequests: createPageRequests },
  check: { ...call("CheckContacts", "check"), createRequests: createCheckRequests },
  "sync-same-pairs": { ...sync, createRequests: createSamePairRequests },
  "sync-few-owners": { ...sync, createRequests: createFewOwnerRequests },
  "sync-hot-owner": { ...sync, createRequests: createHotOwnerRequests },
  "sync-hot-contact": { ...sync, createRequests: createHotContactRequests },
  "replace-one-list": {
    ...call("ReplaceContacts", "replace"),
    createRequests: createReplaceRequests,
  },
};

function call(method: string, route: string): Pick<Call, "rpcPath" | "restPath"> {
  return {
    rpcPath: `/contact.v1.ContactService/${method}`,
    restPath: `/v1/server/contact/${route}`,
  };
}
