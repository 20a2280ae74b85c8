import type { TestApp } from "../../support/service.ts";
import type { Envelope } from "../case.ts";
import type { ListCall } from "./cases-list.ts";
import type { Transport } from "./transports.ts";

export interface PageReader {
  readonly transport: Transport;
  readonly app: TestApp;
  readonly call: ListCall;
}

export interface ReadPage {
  readonly ids: readonly string[];
  readonly times: readonly string[];
  /** The token of the next page. It is empty on the last page. */
  readonly token: string;
}

/** Requests a page of the list of "u". */
export function askPage(
  { transport, app, call: { rpc, user } }: PageReader,
  page: { readonly pageSize?: number; readonly pageToken?: string } = {},
): Promise<Envelope> {
  return transport.call(rpc, { [user]: "u", ...page }, app.header);
}

/** Reads a page of the list of "u". Throws if the call fails. */
export async function readPage(
  reader: PageReader,
  page: { readonly pageSize?: number; readonly pageToken?: string } = {},
): Promise<ReadPage> {
  const envelope = await askPage(reader, page);
  if (envelope.status !== 200) throw new Error(envelope.error.message);
  const data = envelope.data as unknown as PageData;
  const entries = data.contacts ?? data.owners ?? [];
  return {
    ids: entries.map(
      ({ contactXCUserID, ownerXCUserID }) => contactXCUserID ?? ownerXCUserID ?? "",
    ),
    times: entries.map(({ createdTime }) => createdTime),
    token: data.nextPageToken,
  };
}

interface PageData {
  readonly contacts?: readonly PageEntry[];
  readonly owners?: readonly PageEntry[];
  readonly nextPageToken: string;
}

interface PageEntry {
  readonly contactXCUserID?: string;
  readonly ownerXCUserID?: string;
  readonly createdTime: string;
}

/** Reads all pages and returns the ids of each. Calls `between` after each page except the last. */
export async function walkPages(
  reader: PageReader,
  pageSize: number,
  between: () => Promise<void> = async () => {},
): Promise<(readonly string[])[]> {
  const pages: (readonly string[])[] = [];
  let pageToken = "";
  do {
    if (pages.length > 0) await between();
    const { ids, token } = await readPage(reader, { pageSize, pageToken });
    pages.push(ids);
    pageToken = token;
  } while (pageToken !== "");
  return pages;
}
