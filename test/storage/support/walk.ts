import type { Page, PageEntry, PageRequest } from "../../../src/contact/page.ts";

/**
 * Reads a list page by page, and returns its entries.
 *
 * @param between runs after each page, including the last one
 */
export async function walk(
  readPage: (request: PageRequest) => Promise<Page>,
  size: number,
  between: () => Promise<void> = async () => {},
): Promise<PageEntry[]> {
  const shown: PageEntry[] = [];
  let after: string | undefined;
  do {
    const { entries, nextAfter } = await readPage({ after, size });
    if (entries.length > size) throw new Error(`a page of ${entries.length}, more than ${size}`);
    shown.push(...entries);
    await between();
    after = nextAfter;
  } while (after !== undefined);
  return shown;
}

export function idsOf(entries: readonly PageEntry[]): string[] {
  return entries.map(({ id }) => id);
}
