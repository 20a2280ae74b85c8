import { afterAll, beforeAll } from "vitest";
import type { TestService } from "../../support/service.ts";
import { startService } from "../../support/service.ts";
import type { Target } from "./calls.ts";

/** A service for all tests of a file, and the key of an app. Read its properties only within tests. */
export interface Served extends Target {
  readonly service: TestService;
  readonly port: number;
  readonly appId: number;
}

export function serveForFile(env: Record<string, string> = {}): Served {
  let started: Served | undefined;
  beforeAll(async () => {
    const service = await startService(env);
    const { header, id } = await service.createApp();
    started = { service, url: service.url, port: service.port, header, appId: id };
  });
  afterAll(() => started?.service.stop());

  function current(): Served {
    if (started === undefined) throw new Error("the service has not started");
    return started;
  }
  return {
    get service() {
      return current().service;
    },
    get url() {
      return current().url;
    },
    get port() {
      return current().port;
    },
    get header() {
      return current().header;
    },
    get appId() {
      return current().appId;
    },
  };
}
