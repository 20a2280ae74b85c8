import type { DescMessage } from "@bufbuild/protobuf";
import { fromJsonString, toJsonString } from "@bufbuild/protobuf";
import { expect } from "vitest";
import { ContactService } from "../../../src/gen/contact/v1/contact_service_pb.ts";
import { createGrpcJsClient } from "../clients.ts";
import type { TestApp } from "../service.ts";
import type { Example } from "./page.ts";
import type { ShellCommand } from "./shell.ts";
import { runShell } from "./shell.ts";

/** Where the service of the examples is. */
const shownAddress = "127.0.0.1:8080";

export interface ExampleTarget {
  /** As in `http://127.0.0.1:41234`. */
  readonly url: string;
  readonly app: TestApp;
}

/**
 * Runs examples in their order, and compares each answer with the one that is shown. `KEY` is the key of
 * the app, `TOKEN` the page token of the answer before.
 */
export async function runExamples(
  examples: readonly Example[],
  { url, app }: ExampleTarget,
): Promise<void> {
  let variables: Record<string, string> = { KEY: app.header };
  for (const { command, answer } of examples) {
    const { given, shown } = await compare(await runShell(command, variables), answer, url);
    expect(withSamples(given), command).toBe(withSamples(shown));
    const [, TOKEN] = pageToken.exec(given) ?? [];
    variables = { KEY: app.header, ...(TOKEN !== undefined && { TOKEN }) };
  }
}

interface Answers {
  readonly given: string;
  readonly shown: string;
}

/** The answer that is given, and the one that is shown, in the same form. */
async function compare(command: ShellCommand, answer: string, url: string): Promise<Answers> {
  switch (command.program) {
    case "curl":
      // The page may break the lines of what comes in one.
      return { given: await send(command, url), shown: JSON.stringify(JSON.parse(answer)) };
    case "grpcurl":
      return { given: await call(command, url), shown: answer };
    case "other":
      return { given: command.output, shown: answer };
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

/** Prints the answer as grpcurl does. */
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

/** Times and page tokens differ from run to run; that they are such, and how long tokens are, does not. */
function withSamples(text: string): string {
  return text
    .replace(createdTime, '"a time"')
    .replace(pageToken, (field, token: string) => field.replace(token, `${token.length} letters`));
}
