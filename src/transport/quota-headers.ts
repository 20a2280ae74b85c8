import type { ServerResponse } from "node:http";
import type { Call } from "../api/call.ts";
import type { HeaderList } from "./envelope.ts";

/** Sets the headers of the rate limit, if the app of the caller has one. */
export function setQuotaHeaders({ quota }: Pick<Call, "quota">, res: ServerResponse): void {
  if (quota === undefined || res.headersSent) return;
  for (const [name, value] of Object.entries(quota.headers())) res.setHeader(name, value);
}

/** The same headers as a list. It is empty if the app of the caller has no limit. */
export function quotaHeaderList({ quota }: Pick<Call, "quota">): HeaderList {
  return quota === undefined ? [] : Object.entries(quota.headers()).flat();
}
