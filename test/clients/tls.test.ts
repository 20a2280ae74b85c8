import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { serverKeyHeader } from "../../src/access/server-key.ts";
import { startProcess } from "../e2e/support/process.ts";
import type { TlsFolder } from "../e2e/support/tls.ts";
import { makeTlsFolder } from "../e2e/support/tls.ts";
import { createTestDatabase } from "../support/database.ts";
import { missingPrograms, runScript } from "./support/example.ts";

interface Client {
  readonly name: string;
  readonly script: string;
  readonly needs: readonly string[];
  /** Variables with which the client trusts an authority in a file. */
  readonly trust: (caFile: string) => Record<string, string>;
}

const rootsOfGrpc = (caFile: string) => ({ GRPC_DEFAULT_SSL_ROOTS_FILE_PATH: caFile });
const rootsOfOpenSsl = (caFile: string) => ({ SSL_CERT_FILE: caFile });
const rootsOfNode = (caFile: string) => ({ NODE_EXTRA_CA_CERTS: caFile });

function example(folder: string, needs: string[], trust: Client["trust"]): Client {
  return { name: `examples/${folder}`, script: `examples/${folder}/run.sh`, needs, trust };
}

const clients: readonly Client[] = [
  example("curl", ["curl", "jq"], (caFile) => ({ CURL_CA_BUNDLE: caFile })),
  example("go-connect", ["buf", "go"], rootsOfOpenSsl),
  example("go-grpc", ["buf", "go"], rootsOfOpenSsl),
  example("java", ["java", "keytool", "mvn"], () => ({
    JAVA_TOOL_OPTIONS: `-Djavax.net.ssl.trustStore=${trustStore()}`,
  })),
  example("javascript", ["npm"], rootsOfGrpc),
  example("python", ["python3"], rootsOfGrpc),
  example("python-rest", ["python3"], (caFile) => ({ REQUESTS_CA_BUNDLE: caFile })),
  example("ruby", ["ruby", "grpc_tools_ruby_protoc"], rootsOfGrpc),
  example("rust", ["cargo"], rootsOfOpenSsl),
  example("typescript", ["npm"], rootsOfNode),
  example("typescript-rest", ["npm"], rootsOfNode),
  {
    name: "grpcurl",
    script: `grpcurl -cacert "$CA_FILE" -H "Server-Key: $SERVER_KEY" -d '{"xcUserID":"a"}' \\
      "\${KITH_URL#https://}" contact.v1.ContactService/CountContacts`,
    needs: ["grpcurl"],
    trust: (caFile) => ({ CA_FILE: caFile }),
  },
  {
    name: "grpc-health-probe",
    script: `grpc-health-probe -tls -tls-ca-cert "$CA_FILE" -addr "\${KITH_URL#https://}"`,
    needs: ["grpc-health-probe"],
    trust: (caFile) => ({ CA_FILE: caFile }),
  },
];

const key = { id: "tls", secret: "a-secret-for-examples" };
const resources = new AsyncDisposableStack();
let folder: TlsFolder;
let url: string;

beforeAll(async () => {
  folder = resources.use(makeTlsFolder());
  const database = await createTestDatabase();
  resources.defer(() => database.drop());
  const env = { DATABASE_URL: database.url, BOOTSTRAP_SERVER_KEY: `${key.id}:${key.secret}` };
  folder.write("roots.crt", [...systemRoots(), folder.authority.cert].join("\n"));
  url = await resources.use(startProcess({ ...env, ...folder.env })).url();
});

afterAll(() => resources.disposeAsync());

test.for(clients)("$name over TLS", async ({ name, script, needs, trust }, { skip }) => {
  const missing = missingPrograms(needs);
  skip(missing.length > 0, `not installed: ${missing.join(", ")}`);
  const run = await runScript(script, {
    env: {
      KITH_URL: url,
      SERVER_KEY: serverKeyHeader(key),
      ...trust(join(folder.path, "roots.crt")),
    },
  });
  expect(run.exitCode, run.stderr + run.stdout).toBe(0);
  if (name.startsWith("examples/")) expect(transcript).toContain(lastLineOf(run.stdout));
});

/** The authorities of the system. An example needs them to install its packages. */
function systemRoots(): string[] {
  const file = process.env.SSL_CERT_FILE ?? "/etc/ssl/certs/ca-certificates.crt";
  return existsSync(file) ? [readFileSync(file, "utf8")] : [];
}

const transcript = readFileSync(join(import.meta.dirname, "../../examples/transcript.txt"), "utf8");

function lastLineOf(output: string): string {
  return output.trimEnd().split("\n").at(-1) ?? "";
}

/** The trust store of the JDK, with the authority of the test. Maven needs the others. */
function trustStore(): string {
  const { stderr } = spawnSync("java", ["-XshowSettings:properties", "-version"], {
    encoding: "utf8",
  });
  const home = /java\.home = (.*)/.exec(stderr)?.[1] ?? "";
  const store = join(folder.path, "trust.jks");
  writeFileSync(store, readFileSync(join(home, "lib/security/cacerts")));
  const options = ["-importcert", "-noprompt", "-alias", "test", "-storepass", "changeit"];
  const authority = ["-file", join(folder.path, "ca.crt"), "-keystore", store];
  execFileSync("keytool", [...options, ...authority], { stdio: "pipe" });
  return store;
}
