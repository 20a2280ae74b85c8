/** The path of a request without its query. The target of a request may also be a complete URL. */
export function pathOf(target: string): string {
  const path = target.startsWith("/") || !URL.canParse(target) ? target : new URL(target).pathname;
  const query = path.indexOf("?");
  return query === -1 ? path : path.slice(0, query);
}
