import type { DescMessage } from "@bufbuild/protobuf";
import { fromJsonString, toJsonString } from "@bufbuild/protobuf";
import { expect } from "vitest";
import { ContactService } from "../../../src/gen/contact/v1/contact_service_pb.ts";
import { createGrpcJsClient } from "../clients.ts";
import type { TestApp } from "../service.ts";
import type { Example } from "./page.ts";
import type { ShellCommand } from "./shell.ts";
import { runShell } from "./shell.ts";

/** The address of the service that runs the examples. */
const shownAddress = "127.0.0.1:8080";

export interface ExampleTarget {
  /** Such as `http://127.0.0.1:41234`. */
  readonly url: string;
  readonly app: TestApp;
}

/**
 * Runs examples in their order, and compares each response with the one on the page. `KEY` is the key of
 * the app, and `TOKEN` is the page token of the previous response.
 */
export async function runExamples(
  examples: readonly Example[],
  { url, app }: ExampleTarget,
): Promise<void> {
  let variables: Record<string, string> = { KEY: app.header };
  for (const { command, answer } of examples) {
    const { actual, shown } = await compare(await runShell(command, variables), answer, url);
    expect(withSamples(actual), command).toBe(withSamples(shown));
    const [, TOKEN] = pageToken.exec(actual) ?? [];
    variables = { KEY: app.header, ...(TOKEN !== undefined && { TOKEN }) };
  }
}

interface Answers {
  readonly actual: string;
  readonly shown: string;
}

/** The actual response and the response on the page, in the same form. */
async function compare(command: ShellCommand, answer: string, url: string): Promise<Answers> {
  switch (command.program) {
    case "curl":
      // The response is one line, but the page may break it into several.
      return { actual: await send(command, url), shown: JSON.stringify(JSON.parse(answer)) };
    case "grpcurl":
      return { actual: await call(command, url), shown: answer };
    case "other":
      return { actual: command.output, shown: answer };
  }
}

async function send(command: ShellCommand & { program: "curl" }, url: string): Promise<string> {
  const shownUrl = `http://${shownAddress}`;
  if (!command.url.startsWith(`${shownUrl}/`)) throw new Error(`not ${shownUrl}: ${command.url}`);
  const { method, headers, body } = command;
  const response = await fetch(url + command.url.slice(shownUrl.length), { method, headers, body });
  const text = await response.text();
  expect(response.status).toBe(JSON.parse(text).status);
  return text;
}

/** Formats the response in the same form as grpcurl. */
async function call(command: ShellCommand & { program: "grpcurl" }, url: string): Promise<string> {
  if (command.address !== shownAddress) throw new Error(`not ${shownAddress}: ${command.address}`);
  const method = Object.values(ContactService.method).find(
    ({ parent, name }) => `${parent.typeName}/${name}` === command.method,
  );
  if (method === undefined) throw new Error(`no such method: ${command.method}`);
  const client = createGrpcJsClient(url);
  try {
    const { response, failure } = await client.call<DescMessage, DescMessage>(
      method,
      fromJsonString<DescMessage>(method.input, command.message),
      command.headers,
    );
    if (failure !== undefined) throw new Error(`${failure.code}: ${failure.message}`);
    return toJsonString<DescMessage>(method.output, response, { prettySpaces: 2 });
  } finally {
    client.close();
  }
}

const pageToken = /"nextPageToken": ?"([\w-]+)"/;
const createdTime = /"(20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.(?:\d{3}){1,2})?Z)"/g;

/** Replaces times and page tokens, which differ in each run. The length of a token is the same in each run. */
function withSamples(text: string): string {
  return text
    .replace(createdTime, '"a time"')
    .replace(pageToken, (field, token: string) =>
      field.replace(token, `${token.length} characters`),
    );
}
