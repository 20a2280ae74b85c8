import { demoApp } from "./access/bootstrap.ts";
import type { ServerKey } from "./access/server-key.ts";
import { serverKeyHeader } from "./access/server-key.ts";

export interface StartupMessageOptions {
  /** Such as `http://127.0.0.1:8080`. */
  readonly url: string;
  /** The demo key of the embedded database. It is absent if the operator has set a database or a key. */
  readonly key: ServerKey | undefined;
  /** Whether the service has an API reference. */
  readonly docs: boolean;
  /** Such as `http://127.0.0.1:8080/status`; undefined if the service has no such page. */
  readonly statusUrl: string | undefined;
}

/** The text that a new user needs to make the first call. It contains no key of the operator. */
export function startupMessage(options: StartupMessageOptions): string {
  const { url, key, docs, statusUrl } = options;
  const lines = [
    ...(statusUrl === undefined ? [] : [`  Status         ${statusUrl}\n`]),
    ...(docs ? [`  API reference  ${url}/docs\n`] : []),
  ];
  const pages = lines.length > 0 ? `\n${lines.join("")}` : "";
  if (key === undefined) return `Kith serves gRPC and JSON on ${url}\n${pages}`;
  const header = serverKeyHeader(key);
  const body = '{"contacts":[{"ownerXCUserID":"alice","contactXCUserID":"bob"}]}';
  return `
Kith serves gRPC and JSON on ${url}
${pages}
  app            ${demoApp}
  Server-Key     ${header}

Add bob to the contacts of alice:

  curl -X POST ${url}/v1/server/contact/sync -H 'Server-Key: ${header}' -H 'Content-Type: application/json' -d '${body}'

`;
}
