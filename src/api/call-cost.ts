import type { DescMessage, DescMethod, Message } from "@bufbuild/protobuf";
import { defaultPageSize } from "./paging.ts";

/** How many contacts a call counts as, for rate limits. It is at least one. */
export interface CallCost {
  /** The entries of the request, or the most entries that its page can have. */
  ofRequest(request: Message): number;
  /** The entries of the request, or those of its page. */
  ofResponse(response: Message): number | undefined;
}

type Values = Readonly<Record<string, unknown>>;

/**
 * The cost of the calls of a method. The lists of its messages determine it: a request has the list of its
 * entries, or a page size, or neither.
 */
export function compileCallCost({ input, output }: DescMethod): CallCost {
  const list = listOf(input);
  const page = input.field.pageSize === undefined ? undefined : listOf(output);
  if (list !== undefined) {
    return { ofRequest: (request) => lengthOf(request, list), ofResponse: () => undefined };
  }
  if (page !== undefined) {
    return {
      ofRequest: (request) =>
        ((request as unknown as Values).pageSize as number) ?? defaultPageSize,
      ofResponse: (response) => lengthOf(response, page),
    };
  }
  return { ofRequest: () => 1, ofResponse: () => undefined };
}

function listOf({ fields }: DescMessage): string | undefined {
  return fields.find(({ fieldKind }) => fieldKind === "list")?.localName;
}

function lengthOf(message: Message, list: string): number {
  const entries = (message as unknown as Values)[list] as readonly unknown[];
  return Math.max(1, entries.length);
}
