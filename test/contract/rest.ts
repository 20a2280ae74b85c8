import { expect } from "vitest";
import type { TestApp, TestService } from "../support/service.ts";
import type { ContractCase } from "./case.ts";
import { bytesOf, expand, jsonOf, keyHeaderOf, syncPath } from "./case.ts";
import type { HttpAnswer, HttpRequest, Send } from "./http.ts";
import { createModel } from "./model.ts";
import type { Stored } from "./stored.ts";

export interface RestRun {
  readonly service: TestService;
  readonly stored: Stored;
  readonly send: Send;
}

/**
 * Sends a case over REST, on an app of its own, and compares the answer with what is expected and
 * what is stored with the model: the request as a whole, or nothing of it.
 */
export async function runOverRest(given: ContractCase, run: RestRun): Promise<HttpAnswer> {
  const { service, stored, send } = run;
  const app = await service.createApp();
  const model = createModel();
  for (const earlier of given.before ?? []) {
    const body = expand(earlier);
    const first: ContractCase = { name: "before", body, expect: { http: 200 } };
    const answer = await send(service.port, requestOf(first, app));
    expect(JSON.parse(answer.text)).toMatchObject({ status: 200, data: model.sync(body) });
  }
  const answer = await send(service.port, requestOf(given, app));
  expectAnswer(answer, given);
  if (given.expect.http === 200) {
    expect(JSON.parse(answer.text).data).toEqual(model.sync(jsonOf(given)));
  }
  expect(await stored.pairsOf(app.id)).toEqual(model.pairs());
  return answer;
}

/** The request of a case, with the key it asks for. */
export function requestOf(given: ContractCase, app: TestApp): HttpRequest {
  const { method = "POST", path = syncPath, headers = {} } = given;
  const body = bytesOf(given);
  const key = keyHeaderOf(given, app);
  const all = {
    ...(key !== undefined && { "server-key": key }),
    ...(body !== undefined && { "content-type": "application/json" }),
    ...headers,
  };
  const sent = Object.entries(all).filter(([, value]) => value !== null) as [string, string][];
  return { method, path, headers: Object.fromEntries(sent), body };
}

/** Compares an answer with what the case expects: the whole envelope, and its headers. */
export function expectAnswer(answer: HttpAnswer, given: ContractCase): void {
  const { http, body, error, messageIncludes = "", headers = {} } = given.expect;
  expect(answer.status).toBe(http);
  expect(answer.headers).toMatchObject({ "content-type": "application/json", ...headers });
  if (given.method === "HEAD") {
    expect(answer.text).toBe("");
    return;
  }
  const envelope = JSON.parse(answer.text);
  if (body !== undefined) {
    expect(envelope).toEqual(body);
    return;
  }
  const text = expect.stringMatching(/./);
  expect(envelope).toEqual({
    status: http,
    error: { code: text, message: text, field: expect.any(String), ...error },
    data: {},
  });
  const { message, field } = envelope.error;
  expect(message).toContain(messageIncludes);
  expect(message).toContain(given.messageIncludes ?? "");
  if (["102", "103", "104"].includes(field)) expect(message).toMatch(/ \(contacts\[\d+\]\)$/);
}
