import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Writable } from "node:stream";
import pino from "pino";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { parseTlsFiles, readTlsFiles } from "../../../src/tls/files.ts";
import type { TlsWatch } from "../../../src/tls/watch.ts";
import { watchTlsFiles } from "../../../src/tls/watch.ts";
import type { Certificate } from "../../support/certificates.ts";
import { makeCertificate } from "../../support/certificates.ts";
import { patienceMs } from "../../support/patience.ts";

const authority = makeCertificate({ subject: "Test CA" });
const first = makeCertificate({ subject: "first", issuer: authority });
const second = makeCertificate({ subject: "second", issuer: authority });

let folder: string;
let logs: Record<string, unknown>[];
let applied: string[];
let watch: TlsWatch | undefined;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "kith-tls-watch-"));
  logs = [];
  applied = [];
});

afterEach(() => {
  watch?.stop();
  rmSync(folder, { recursive: true, force: true });
});

function write({ cert, key }: Partial<Certificate>, directory = folder): void {
  if (cert !== undefined) writeFileSync(join(directory, "tls.crt"), cert);
  if (key !== undefined) writeFileSync(join(directory, "tls.key"), key);
}

function start(): void {
  const files = {
    certFile: join(folder, "tls.crt"),
    keyFile: join(folder, "tls.key"),
    clientCaFile: undefined,
  };
  const contents = readTlsFiles(files);
  const { certificate } = parseTlsFiles(contents);
  const apply: Parameters<typeof watchTlsFiles>[0]["apply"] = (material) => {
    applied.push(material.certificate.subject);
  };
  const into = new Writable({
    write(line, _, done) {
      logs.push(JSON.parse(String(line)));
      done();
    },
  });
  watch = watchTlsFiles({ files, contents, certificate, pollMs: 5, apply, logger: pino(into) });
}

function messages(): unknown[] {
  return logs.map(({ msg }) => msg);
}

async function until(isSo: () => boolean): Promise<void> {
  await vi.waitUntil(isSo, { timeout: patienceMs, interval: 5 });
}

test("a certificate and a key that are replaced one after the other are applied once", async () => {
  write(first);
  start();
  write({ cert: second.cert });
  await until(() => logs.length > 0);
  expect(messages()).toEqual(["the new TLS files cannot be used; the old ones stay in use"]);
  expect(applied).toEqual([]);
  write({ key: second.key });
  await until(() => applied.length > 0);
  expect(applied).toEqual(["CN=second"]);
});

test("a link that changes to another directory is followed, as in a volume of Kubernetes", async () => {
  for (const [name, certificate] of Object.entries({ one: first, two: second })) {
    mkdirSync(join(folder, name));
    write(certificate, join(folder, name));
  }
  symlinkSync("one", join(folder, "..data"));
  symlinkSync("..data/tls.crt", join(folder, "tls.crt"));
  symlinkSync("..data/tls.key", join(folder, "tls.key"));
  start();
  symlinkSync("two", join(folder, "..next"));
  renameSync(join(folder, "..next"), join(folder, "..data"));
  await until(() => applied.length > 0);
  expect(applied).toEqual(["CN=second"]);
});

test.each([
  { name: "not a certificate", damage: () => write({ cert: "damaged" }) },
  { name: "missing", damage: () => rmSync(join(folder, "tls.crt")) },
])("a file that is $name is logged once, and its repair is applied", async ({ damage }) => {
  write(first);
  start();
  damage();
  await until(() => logs.length > 0);
  write(second);
  await until(() => applied.length > 0);
  expect(messages()).toEqual([
    "the new TLS files cannot be used; the old ones stay in use",
    "the TLS certificate was replaced",
  ]);
});

test("the log never has the contents of a file", async () => {
  write(first);
  start();
  write({ cert: second.key });
  await until(() => logs.length > 0);
  expect(JSON.stringify(logs)).not.toContain(second.key.slice(30, 60));
});

const hourMs = 3_600_000;

test.each([
  { from: -10, to: -1, warning: "the TLS certificate has expired" },
  { from: 1, to: 10, warning: "the TLS certificate is not valid yet" },
  { from: -100, to: 1, warning: "the TLS certificate expires soon" },
  { from: -10, to: 10, warning: undefined },
])(
  "of a certificate from $from to $to hours from now, the log says: $warning",
  ({ from, to, warning }) => {
    const validFrom = new Date(Date.now() + from * hourMs);
    const validTo = new Date(Date.now() + to * hourMs);
    write(makeCertificate({ subject: "kith", issuer: authority, validFrom, validTo }));
    start();
    expect(messages()).toEqual(warning === undefined ? [] : [warning]);
  },
);
