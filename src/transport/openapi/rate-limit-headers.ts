import type { JsonSchema } from "./json-schema.ts";
import { refTo } from "./json-schema.ts";

/** The headers of responses to an app with a rate limit, as components of the document. */
export const rateLimitHeaders: Readonly<Record<string, JsonSchema>> = {
  RateLimit: {
    description:
      "The contacts that the app can still use (`r`), and the seconds until there are more (`t`). Absent if the app has no rate limit.",
    schema: { type: "string", examples: ['"contacts";r=960;t=1'] },
  },
  "RateLimit-Policy": {
    description:
      "The contacts (`q`) in a time of `w` seconds. Absent if the app has no rate limit.",
    schema: { type: "string", examples: ['"contacts";q=1000;w=1;qu="contacts"'] },
  },
};

/** The same headers, for a response. */
export const rateLimitHeaderRefs: Readonly<Record<string, JsonSchema>> = Object.fromEntries(
  Object.keys(rateLimitHeaders).map((name) => [name, refTo("headers", name)]),
);
