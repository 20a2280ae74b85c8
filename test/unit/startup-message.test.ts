import { expect, test } from "vitest";
import { startupMessage } from "../../src/startup-message.ts";

const url = "http://127.0.0.1:8080";
const statusUrl = "http://127.0.0.1:9464/status";
const demoKey = { id: "demo", secret: "secret" };

test.each([
  { key: demoKey, docs: true, statusUrl },
  { key: undefined, docs: true, statusUrl },
  { key: demoKey, docs: false, statusUrl },
  { key: undefined, docs: false, statusUrl },
  { key: demoKey, docs: true, statusUrl: undefined },
  { key: undefined, docs: false, statusUrl: undefined },
])(
  "with $key, docs $docs and $statusUrl, the message names the pages that are served",
  ({ key, docs, statusUrl: status }) => {
    const message = startupMessage({ url, key, docs, statusUrl: status });
    expect(message).toContain(`Kith serves gRPC and JSON on ${url}\n`);
    expect(message.includes(`${url}/docs`)).toBe(docs);
    expect(message.includes(statusUrl)).toBe(status !== undefined);
  },
);
