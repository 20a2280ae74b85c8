import type { DescField } from "@bufbuild/protobuf";
import type { Page, PageRequest } from "../contact/page.ts";
import type { PagedList } from "./page-token.ts";
import { decodePageToken, encodePageToken } from "./page-token.ts";
import { faultOf, violation } from "./violation.ts";

/** Entries in a page where the caller does not say. */
const defaultPageSize = 100;

/** What the requests of paged calls have in common. */
export interface PagedRequest {
  readonly pageSize?: number | undefined;
  readonly pageToken: string;
}

/**
 * The part of the list that a request asks for.
 *
 * @param tokenField the field of the page token, which a fault names
 * @throws Fault PARAM_PAGE_TOKEN
 */
export function pageRequestOf(
  { pageSize = defaultPageSize, pageToken }: PagedRequest,
  list: PagedList,
  tokenField: DescField,
): PageRequest {
  if (pageToken === "") return { size: pageSize };
  const after = decodePageToken(list, pageToken);
  if (after === undefined) throw faultOf(violation("PARAM_PAGE_TOKEN", tokenField));
  return { size: pageSize, after };
}

/** The token of the page after this one; empty where this is the last. */
export function nextPageToken({ entries, hasMore }: Page, list: PagedList): string {
  const last = entries.at(-1);
  return hasMore && last !== undefined ? encodePageToken(list, last.id) : "";
}
