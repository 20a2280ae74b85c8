import { expect, test } from "vitest";
import { startupMessage } from "../../src/startup-message.ts";

const url = "http://127.0.0.1:8080";
const demoKey = { id: "demo", secret: "secret" };

test.each([
  { key: demoKey, docs: true },
  { key: undefined, docs: true },
  { key: demoKey, docs: false },
  { key: undefined, docs: false },
])("with $key and docs $docs, the message names /docs only if it is served", ({ key, docs }) => {
  const message = startupMessage({ url, key, docs });
  expect(message).toContain(`Kith serves gRPC and JSON on ${url}\n`);
  expect(message.includes(`${url}/docs`)).toBe(docs);
});
