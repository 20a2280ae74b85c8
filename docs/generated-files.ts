import { parseConfig } from "../src/config.ts";
import type { ErrorRow } from "../src/errors.ts";
import { errors } from "../src/errors.ts";
import { createOpenApiDocument } from "../src/transport/openapi/document.ts";
import { version } from "../src/version.ts";

/** The files of this directory that are made from the code, by name. A test compares them. */
export const generatedFiles: Readonly<Record<string, string>> = {
  "errors.md": errorsPage(),
  "openapi.json": openApiText(),
};

/** The document of a service with the default configuration. */
function openApiText(): string {
  const { maxContactsPerRequest } = parseConfig({});
  const document = createOpenApiDocument({
    rules: { maxListEntries: maxContactsPerRequest },
    version,
  });
  return `${JSON.stringify(document, null, 2)}\n`;
}

function errorsPage(): string {
  const rows = Object.entries(errors).map(([reason, row]) => rowOf(reason, row));
  return `# Errors

<!-- \`npm run generate\` makes this page from src/errors.ts. -->

Over gRPC, gRPC-Web, and Connect, the details of an error contain a \`google.rpc.ErrorInfo\` with the domain
\`kith\` and one of these reasons. Its metadata has the \`code\` and the \`field\` of REST. REST responses have the
status, the code, and the message, without the reason.

The messages contain values in place of the words in italics. If an entry of a list is at fault, the message
ends with the entry, as in \`(contacts[3])\`.

"Yes" means: the same request can succeed later, and its repetition changes nothing more. The number is the
\`Retry-After\` in seconds, which \`google.rpc.RetryInfo\` has too.

| Reason | gRPC code | HTTP status | REST code | Message | Retry |
|---|---|---|---|---|---|
${rows.join("\n")}
`;
}

function rowOf(reason: string, row: ErrorRow): string {
  const message = row.message.replace(/\{(\w+)\}/g, "*$1*");
  const retry = row.retryAfter === undefined ? retryText(row) : `yes, after ${row.retryAfter} s`;
  return `| \`${reason}\` | \`${row.grpc}\` | ${row.http} | ${row.rest} | ${message} | ${retry} |`;
}

/** A deadline says nothing about the request itself: the next attempt can be in time. */
function retryText({ grpc }: ErrorRow): string {
  return grpc === "DEADLINE_EXCEEDED" ? "yes" : "no";
}
