import { describe, expect, test } from "vitest";
import { startServiceForTest } from "../../support/service.ts";
import type { Served } from "./served.ts";

export interface ServedPage {
  /** Such as `/docs`. */
  readonly path: string;
  /** The names of its scripts and style sheets. */
  readonly files: readonly string[];
  /** The variable that turns the page off. */
  readonly variable: string;
}

/** Tests how the service serves a page for people and its files. */
export function describeServedPage(served: Served, { path, files, variable }: ServedPage): void {
  describe("over HTTP", () => {
    test(`${path} needs no key, and its policy allows nothing from elsewhere`, async () => {
      const response = await fetch(served.url + path);
      expect(response.status).toBe(200);
      expect(response.headers.get("content-type")).toBe("text/html; charset=utf-8");
      const policy = response.headers.get("content-security-policy");
      expect(policy).toContain("default-src 'none'");
      expect(policy).not.toMatch(/unsafe|https?:|\*/);
    });

    test(`${path}/ leads to ${path}`, async () => {
      const response = await fetch(`${served.url}${path}/`);
      expect(response.url).toBe(served.url + path);
    });

    test.each(files)(`${path}/%s is served with its type`, async (name) => {
      const response = await fetch(`${served.url}${path}/${name}`);
      expect(response.status).toBe(200);
      const type = name.endsWith(".js") ? "text/javascript" : "text/css";
      expect(response.headers.get("content-type")).toBe(`${type}; charset=utf-8`);
      expect(response.headers.get("x-content-type-options")).toBe("nosniff");
    });

    test(`${variable}=off turns it off`, async () => {
      const service = await startServiceForTest({ [variable]: "off" });
      for (const each of [path, `${path}/`, `${path}/page.js`]) {
        expect((await fetch(service.url + each)).status).toBe(404);
      }
    });
  });
}
