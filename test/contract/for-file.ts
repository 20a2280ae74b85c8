import { afterAll, beforeAll } from "vitest";
import type { TestService } from "../support/service.ts";
import { startService } from "../support/service.ts";
import type { Stored } from "./stored.ts";
import { openStored } from "./stored.ts";

/** The service of a test file and a reader of its stored rows. Both are available while the tests run. */
export interface ServedForFile {
  readonly service: TestService;
  readonly stored: Stored;
}

/** Starts a service before the tests of the file, and stops it after them. */
export function serveContract(env: Record<string, string> = {}): ServedForFile {
  let parts: ServedForFile | undefined;
  beforeAll(async () => {
    const service = await startService(env);
    parts = { service, stored: await openStored(service.databaseUrl) };
  });
  afterAll(async () => {
    await parts?.stored.close();
    await parts?.service.stop();
  });
  const started = () => {
    if (parts === undefined) throw new Error("the service has not started");
    return parts;
  };
  return {
    get service() {
      return started().service;
    },
    get stored() {
      return started().stored;
    },
  };
}
