import type { ServerResponse } from "node:http";
import type { Call } from "../api/call.ts";

/** Sets the headers of the rate limit, if the app of the caller has one. */
export function setQuotaHeaders({ quota }: Call, res: ServerResponse): void {
  if (quota === undefined || res.headersSent) return;
  for (const [name, value] of Object.entries(quota.headers())) res.setHeader(name, value);
}
