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
 * Sends a case over REST in a new app. Compares the response with the expectation, and the stored pairs with
 * the model: the request is stored completely or not at all.
 */
export async function runOverRest(testCase: ContractCase, run: RestRun): Promise<HttpAnswer> {
  const { service, stored, send } = run;
  const app = await service.createApp();
  const model = createModel();
  for (const earlier of testCase.before ?? []) {
    const body = expand(earlier);
    const first: ContractCase = { name: "before", body, expect: { http: 200 } };
    const answer = await send(service.port, requestOf(first, app));
    expect(JSON.parse(answer.text)).toMatchObject({ status: 200, data: model.sync(body) });
  }
  const answer = await send(service.port, requestOf(testCase, app));
  expectAnswer(answer, testCase);
  if (testCase.expect.http === 200) {
    expect(JSON.parse(answer.text).data).toEqual(model.sync(jsonOf(testCase)));
  }
  expect(await stored.pairsOf(app.id)).toEqual(model.pairs());
  return answer;
}

/** The request of a case, with its key. */
export function requestOf(testCase: ContractCase, app: TestApp): HttpRequest {
  const { method = "POST", path = syncPath, headers = {} } = testCase;
  const body = bytesOf(testCase);
  const key = keyHeaderOf(testCase, app);
  const all = {
    ...(key !== undefined && { "server-key": key }),
    ...(body !== undefined && { "content-type": "application/json" }),
    ...headers,
  };
  const sent = Object.entries(all).filter(([, value]) => value !== null) as [string, string][];
  return { method, path, headers: Object.fromEntries(sent), body };
}

/** Compares a response with the expectation of the case: the complete envelope and its headers. */
export function expectAnswer(answer: HttpAnswer, testCase: ContractCase): void {
  const { http, body, error, messageIncludes = "", headers = {} } = testCase.expect;
  expect(answer.status).toBe(http);
  expect(answer.headers).toMatchObject({ "content-type": "application/json", ...headers });
  if (testCase.method === "HEAD") {
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
  expect(message).toContain(testCase.messageIncludes ?? "");
  if (["102", "103", "104"].includes(field)) expect(message).toMatch(/ \(contacts\[\d+\]\)$/);
}
