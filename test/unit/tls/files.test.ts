import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parseConfig } from "../../../src/config.ts";
import { makeCertificate } from "../../support/certificates.ts";

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "kith-tls-files-"));
  const authority = makeCertificate({ subject: "Test CA" });
  const { cert, key, privateKey } = makeCertificate({ subject: "kith", issuer: authority });
  const other = makeCertificate({ subject: "other", issuer: authority });
  const encrypted = {
    type: "pkcs8",
    format: "pem",
    cipher: "aes-128-cbc",
    passphrase: "x",
  } as const;
  const files = {
    cert,
    key,
    chain: cert + authority.cert,
    ca: authority.cert,
    two: authority.cert + other.cert,
    otherKey: other.key,
    encryptedKey: String(privateKey.export(encrypted)),
    empty: "",
    text: "not a certificate",
    damaged: cert.replace(/\n.{20}/, "\n"),
    damagedChain: cert + authority.cert.replace(/\n.{20}/, "\n"),
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Names {
  readonly cert?: string;
  readonly key?: string;
  readonly ca?: string;
}

function faultsOf({ cert, key, ca }: Names): string[] {
  const env = {
    ...(cert && { TLS_CERT_FILE: join(folder, cert) }),
    ...(key && { TLS_KEY_FILE: join(folder, key) }),
    ...(ca && { TLS_CLIENT_CA_FILE: join(folder, ca) }),
  };
  try {
    const files = Object.values(parseConfig(env).tls ?? {}).filter((path) => path !== undefined);
    expect(files).toEqual(Object.values(env));
    return [];
  } catch (error) {
    const [, ...lines] = (error as Error).message.split("\n");
    return lines.map((line) => line.trim());
  }
}

test.each([
  { cert: "cert", key: "key" },
  { cert: "chain", key: "key" },
  { cert: "cert", key: "key", ca: "ca" },
  { cert: "cert", key: "key", ca: "two" },
])("%j are valid", (names) => {
  expect(faultsOf(names)).toEqual([]);
});

const certNeeded = "TLS_CERT_FILE must be set, because another TLS file is set";
const keyNeeded = "TLS_KEY_FILE must be set, because another TLS file is set";
const certInvalid = "TLS_CERT_FILE must contain a certificate in PEM, followed by its chain";
const keyInvalid = "TLS_KEY_FILE must contain a private key in PEM, without a passphrase";
const keyForeign = "TLS_KEY_FILE must contain the private key of the certificate in TLS_CERT_FILE";
const caInvalid = "TLS_CLIENT_CA_FILE must contain certificates in PEM";

const faulty: [Names, ...string[]][] = [
  [{ cert: "cert" }, keyNeeded],
  [{ key: "key" }, certNeeded],
  [{ ca: "ca" }, certNeeded, keyNeeded],
  [{ cert: "missing", key: "key" }, "TLS_CERT_FILE must be a file that Kith can read (ENOENT)"],
  [{ cert: "cert", key: "." }, "TLS_KEY_FILE must be a file that Kith can read (EISDIR)"],
  [
    { cert: "cert", key: "key", ca: "missing" },
    "TLS_CLIENT_CA_FILE must be a file that Kith can read (ENOENT)",
  ],
  [{ cert: "empty", key: "empty" }, certInvalid, keyInvalid],
  [{ cert: "text", key: "key" }, certInvalid],
  [{ cert: "damaged", key: "key" }, certInvalid],
  [{ cert: "damagedChain", key: "key" }, certInvalid],
  [{ cert: "key", key: "cert" }, certInvalid, keyInvalid],
  [{ cert: "cert", key: "encryptedKey" }, keyInvalid],
  [{ cert: "cert", key: "otherKey" }, keyForeign],
  [{ cert: "cert", key: "key", ca: "key" }, caInvalid],
];

test.each(faulty)("%j are not valid", (names, ...faults) => {
  expect(faultsOf(names)).toEqual(faults);
});

test("the faults of TLS files are reported with those of other variables", () => {
  const env = { PORT: "x", TLS_KEY_FILE: join(folder, "key") };
  expect(() => parseConfig(env)).toThrow(/PORT must be(.|\n)*TLS_CERT_FILE must be set/);
});
