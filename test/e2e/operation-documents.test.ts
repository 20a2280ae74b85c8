import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { version } from "../../src/version.ts";
import { startServiceForTest } from "../support/service.ts";
import { serveForFile } from "./support/served.ts";

const served = serveForFile();

// biome-ignore lint/suspicious/noExplicitAny: the assertions check the form.
async function json(response: Response): Promise<any> {
  return response.json();
}

describe("/openapi.json", () => {
  test("is the document of docs/openapi.json, without a key", async () => {
    const response = await fetch(`${served.url}/openapi.json`);
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toBe("application/json");
    expect(response.headers.get("cache-control")).toBe("public, max-age=300");
    expect(response.headers.get("x-request-id")).not.toBeNull();
    expect(await response.json()).toEqual(JSON.parse(readFileSync("docs/openapi.json", "utf8")));
  });

  test("HEAD has the same headers and no body", async () => {
    const get = await fetch(`${served.url}/openapi.json`);
    const length = String((await get.arrayBuffer()).byteLength);
    const head = await fetch(`${served.url}/openapi.json`, { method: "HEAD" });
    expect(head.headers.get("content-length")).toBe(length);
    expect(head.headers.get("etag")).toBe(get.headers.get("etag"));
    expect(await head.text()).toBe("");
  });

  test.each([
    { form: "the tag", made: (etag: string) => etag, status: 304 },
    { form: "a weak tag", made: (etag: string) => `W/${etag}`, status: 304 },
    { form: "one of several tags", made: (etag: string) => `"a", ${etag}`, status: 304 },
    { form: "*", made: () => "*", status: 304 },
    { form: "another tag", made: () => '"a"', status: 200 },
  ])("If-None-Match with $form is $status", async ({ made, status }) => {
    const { headers } = await fetch(`${served.url}/openapi.json`);
    const etag = headers.get("etag") ?? "";
    const again = { headers: { "If-None-Match": made(etag) } };
    const response = await fetch(`${served.url}/openapi.json`, again);
    expect(response.status).toBe(status);
    expect(response.headers.get("etag")).toBe(etag);
  });

  test("has the limits of the service", async () => {
    const service = await startServiceForTest({ MAX_CONTACTS_PER_REQUEST: "7" });
    const document = await json(await fetch(`${service.url}/openapi.json`));
    expect(document.components.schemas.SyncContactsRequest.properties.contacts.maxItems).toBe(7);
  });
});

describe("/version", () => {
  test("has the versions, and no commit if it is not known", async () => {
    const response = await fetch(`${served.url}/version`);
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ version, commit: null, node: process.version });
  });

  test("has the commit of the image", async () => {
    const service = await startServiceForTest({ BUILD_COMMIT: "0123abc" });
    expect(await (await fetch(`${service.url}/version`)).json()).toMatchObject({
      commit: "0123abc",
    });
  });
});

test.each(["/livez", "/readyz", "/version", "/openapi.json"])(
  "%s takes GET and HEAD",
  async (path) => {
    for (const method of ["POST", "DELETE"]) {
      const response = await fetch(served.url + path, { method });
      expect(response.status).toBe(405);
      expect(response.headers.get("allow")).toBe("GET, HEAD");
      expect(response.headers.get("x-request-id")).not.toBeNull();
      const { status, error } = await json(response);
      expect({ status, code: error.code }).toEqual({ status: 405, code: "40500" });
    }
  },
);
