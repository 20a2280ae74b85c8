import { describe, expect, test } from "vitest";
import { restPath, rpcPath } from "./support/calls.ts";
import { serveForFile } from "./support/served.ts";

const origin = "https://app.example.com";
const body = '{"contacts":[]}';

/** A request of each protocol that a browser can speak, with its status without a key. */
const requests = [
  { protocol: "REST", path: restPath, type: "application/json", status: 400 },
  { protocol: "Connect", path: rpcPath, type: "application/json", status: 401 },
  { protocol: "Connect with an unknown type", path: rpcPath, type: "text/plain", status: 415 },
  { protocol: "gRPC-Web", path: rpcPath, type: "application/grpc-web+proto", status: 200 },
  { protocol: "REST on an unknown path", path: "/unknown", type: "application/json", status: 404 },
];

function post(url: string, type: string, headers: Record<string, string> = {}) {
  return fetch(url, { method: "POST", body, headers: { "Content-Type": type, ...headers } });
}

function preflight(url: string, from: string) {
  const headers = {
    Origin: from,
    "Access-Control-Request-Method": "POST",
    "Access-Control-Request-Headers": "content-type,server-key",
  };
  return fetch(url, { method: "OPTIONS", headers });
}

describe("without CORS_ORIGINS", () => {
  const served = serveForFile();

  test.each(requests)(
    "a response of $protocol allows no origin",
    async ({ path, type, status }) => {
      const response = await post(served.url + path, type, { Origin: origin });
      expect(response.status).toBe(status);
      expect(corsHeadersOf(response)).toEqual({});
      expect(response.headers.get("vary")).toBeNull();
    },
  );

  test("a preflight is 405", async () => {
    const response = await preflight(served.url + restPath, origin);
    expect(response.status).toBe(405);
    expect(corsHeadersOf(response)).toEqual({});
  });
});

describe("with a list of origins", () => {
  const served = serveForFile({ CORS_ORIGINS: `https://other.example.com,${origin}` });

  test.each(requests)(
    "a response of $protocol allows one of them",
    async ({ path, type, status }) => {
      const response = await post(served.url + path, type, { Origin: origin });
      expect(response.status).toBe(status);
      expect(response.headers.get("access-control-allow-origin")).toBe(origin);
      expect(response.headers.get("vary")).toBe("Origin");
      const exposed = response.headers.get("access-control-expose-headers")?.toLowerCase() ?? "";
      for (const name of [
        "grpc-status",
        "grpc-message",
        "grpc-status-details-bin",
        "retry-after",
      ]) {
        expect(exposed.split(", ")).toContain(name);
      }
    },
  );

  test.each(requests)("a response of $protocol does not allow another", async ({ path, type }) => {
    for (const other of ["https://evil.example.com", `${origin}.evil.example`, "null"]) {
      const response = await post(served.url + path, type, { Origin: other });
      expect(corsHeadersOf(response)).toEqual({});
      expect(response.headers.get("vary")).toBe("Origin");
    }
  });

  test.each([restPath, rpcPath, "/openapi.json"])(
    "a preflight of %s needs no key",
    async (path) => {
      const response = await preflight(served.url + path, origin);
      expect(response.status).toBe(204);
      expect(await response.text()).toBe("");
      const headers = corsHeadersOf(response);
      expect(headers).toMatchObject({
        "access-control-allow-origin": origin,
        "access-control-allow-methods": "GET, POST",
        "access-control-max-age": "7200",
      });
      const allowed = headers["access-control-allow-headers"]?.toLowerCase().split(", ");
      const needed = ["server-key", "content-type", "connect-protocol-version", "x-grpc-web"];
      expect(allowed).toEqual(expect.arrayContaining(needed));
    },
  );

  test("a preflight of another origin is 405", async () => {
    const response = await preflight(served.url + restPath, "https://evil.example.com");
    expect(response.status).toBe(405);
    expect(corsHeadersOf(response)).toEqual({});
  });

  test("an OPTIONS that is no preflight is 405", async () => {
    const headers = { Origin: origin };
    const response = await fetch(served.url + restPath, { method: "OPTIONS", headers });
    expect(response.status).toBe(405);
  });
});

describe("with *", () => {
  const served = serveForFile({ CORS_ORIGINS: "*" });

  test.each(requests)("a response of $protocol allows every origin", async ({ path, type }) => {
    const response = await post(served.url + path, type, { Origin: origin });
    expect(response.headers.get("access-control-allow-origin")).toBe("*");
    expect(response.headers.get("access-control-allow-credentials")).toBeNull();
  });
});

function corsHeadersOf({ headers }: Response): Record<string, string> {
  return Object.fromEntries([...headers].filter(([name]) => name.startsWith("access-control-")));
}
