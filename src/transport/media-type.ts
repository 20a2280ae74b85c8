import type { IncomingMessage } from "node:http";

/**
 * The media type of a request in lowercase, without its parameters, which change nothing. Undefined if
 * there is none, or if its charset is not UTF-8.
 */
export function mediaTypeOf({ headers }: IncomingMessage): string | undefined {
  const [type, ...parameters] = (headers["content-type"] ?? "").toLowerCase().split(";");
  const isUtf8 = parameters.every((parameter) => {
    const [name, value = ""] = parameter.split("=").map((part) => part.trim());
    return name !== "charset" || /^("?)utf-?8\1$/.test(value);
  });
  return isUtf8 ? type?.trim() : undefined;
}
