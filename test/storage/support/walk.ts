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
  for (;;) {
    const { entries, hasMore } = await readPage({ after: shown.at(-1)?.id, size });
    if (entries.length > size) throw new Error(`a page of ${entries.length}, more than ${size}`);
    if (hasMore && entries.length < size)
      throw new Error("a page that is not full has one after it");
    shown.push(...entries);
    await between();
    if (!hasMore) return shown;
  }
}

export function idsOf(entries: readonly PageEntry[]): string[] {
  return entries.map(({ id }) => id);
}
