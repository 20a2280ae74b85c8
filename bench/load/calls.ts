import { createCheckRequests } from "./check-requests.ts";
import type { LoadJob } from "./job.ts";
import { createPageRequests } from "./page-requests.ts";
import type { Requests, RequestsOptions } from "./requests.ts";
import { createSyncRequests } from "./sync-requests.ts";

/** A call that load can be made of. */
export interface Call {
  readonly rpcPath: string;
  readonly restPath: string;
  createRequests(options: RequestsOptions): Requests;
}

export const calls: Readonly<Record<LoadJob["call"], Call>> = {
  sync: {
    rpcPath: "/contact.v1.ContactService/SyncContacts",
    restPath: "/v1/server/contact/sync",
    createRequests: createSyncRequests,
  },
  page: {
    rpcPath: "/contact.v1.ContactService/ListContacts",
    restPath: "/v1/server/contact/list",
    createRequests: createPageRequests,
  },
  check: {
    rpcPath: "/contact.v1.ContactService/CheckContacts",
    restPath: "/v1/server/contact/check",
    createRequests: createCheckRequests,
  },
};
