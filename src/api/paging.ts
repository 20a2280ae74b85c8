import type { DescField } from "@bufbuild/protobuf";
import type { Page, PageRequest } from "../contact/page.ts";
import type { PagedList } from "./page-token.ts";
import { decodePageToken, encodePageToken } from "./page-token.ts";
import { faultOf, violationOf } from "./violation.ts";

/** Entries in a page if the caller sets no size. */
export const defaultPageSize = 100;

/** The fields that the requests of all paged calls have. */
export interface PagedRequest {
  readonly pageSize?: number | undefined;
  readonly pageToken: string;
}

/**
 * The page that a request selects.
 *
 * @param tokenField the field of the page token, which the fault names
 * @throws Fault PARAM_PAGE_TOKEN
 */
export function pageRequestOf(
  { pageSize = defaultPageSize, pageToken }: PagedRequest,
  list: PagedList,
  tokenField: DescField,
): PageRequest {
  if (pageToken === "") return { size: pageSize };
  const after = decodePageToken(list, pageToken);
  if (after === undefined) throw faultOf(violationOf("PARAM_PAGE_TOKEN", tokenField));
  return { size: pageSize, after };
}

/** The token of the next page, or an empty string if this page is the last. */
export function nextPageToken({ nextAfter }: Page, list: PagedList): string {
  return nextAfter === undefined ? "" : encodePageToken(list, nextAfter);
}
