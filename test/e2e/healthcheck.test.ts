import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { startServiceForTest } from "../support/service.ts";
import { makeTlsFolder } from "./support/tls.ts";

/** Runs the check of the image, and returns its exit code. */
async function check(env: Record<string, string>): Promise<number | null> {
  const child = spawn(process.execPath, ["docker/healthcheck.js"], { env, stdio: "inherit" });
  const [code] = await once(child, "close");
  return code;
}

function tlsFolder() {
  const folder = makeTlsFolder();
  onTestFinished(() => folder[Symbol.dispose]());
  return folder;
}

test.each([
  { name: "plaintext", env: () => ({}) },
  { name: "TLS", env: () => tlsFolder().env },
  {
    name: "TLS with client certificates",
    env: () => {
      const { env, path } = tlsFolder();
      return { ...env, TLS_CLIENT_CA_FILE: join(path, "ca.crt") };
    },
  },
])("a service with $name is healthy", async ({ env }) => {
  const variables = env();
  const service = await startServiceForTest(variables);
  expect(await check({ ...variables, PORT: String(service.port) })).toBe(0);
});

test.each([{}, { TLS_CERT_FILE: "missing", TLS_KEY_FILE: "missing" }])(
  "without a service, the check fails with %j",
  async (env) => {
    const service = await startServiceForTest();
    await service.app.close();
    expect(await check({ ...env, PORT: String(service.port) })).toBe(1);
  },
);
