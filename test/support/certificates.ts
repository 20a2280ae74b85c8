import type { KeyObject } from "node:crypto";
import { generateKeyPairSync, randomBytes, sign } from "node:crypto";

/** A certificate with its key, in PEM. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
  readonly subject: string;
  readonly privateKey: KeyObject;
}

export interface CertificateOptions {
  /** The common name. */
  readonly subject: string;
  /** Signs the certificate. Absent: the certificate is a certificate authority that signs itself. */
  readonly issuer?: Certificate;
  readonly validFrom?: Date;
  readonly validTo?: Date;
}

const dayMs = 86_400_000;

/** Makes a certificate for 127.0.0.1 and localhost, or a certificate authority (RFC 5280). */
export function makeCertificate(options: CertificateOptions): Certificate {
  const { subject, issuer } = options;
  const { validFrom = new Date(Date.now() - dayMs), validTo = new Date(Date.now() + 30 * dayMs) } =
    options;
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const content = sequence(
    der(0xa0, integer(2)),
    der(0x02, Buffer.concat([Buffer.of(1), randomBytes(8)])),
    ecdsaWithSha256,
    name(issuer?.subject ?? subject),
    sequence(time(validFrom), time(validTo)),
    name(subject),
    publicKey.export({ type: "spki", format: "der" }),
    der(0xa3, sequence(issuer === undefined ? authorityExtension : addressesExtension)),
  );
  const signature = sign("sha256", content, issuer?.privateKey ?? privateKey);
  const bits = der(0x03, Buffer.concat([Buffer.of(0), signature]));
  return {
    cert: pem(sequence(content, ecdsaWithSha256, bits)),
    key: String(privateKey.export({ type: "pkcs8", format: "pem" })),
    subject,
    privateKey,
  };
}

function der(tag: number, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  if (length >= 65_536) throw new RangeError("too long for this encoder");
  if (length >= 256)
    return Buffer.concat([Buffer.of(tag, 0x82, length >> 8, length & 255), content]);
  if (length >= 128) return Buffer.concat([Buffer.of(tag, 0x81, length), content]);
  return Buffer.concat([Buffer.of(tag, length), content]);
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return der(0x30, ...parts);
}

function integer(value: number): Buffer {
  return der(0x02, Buffer.of(value));
}

function objectId(hex: string): Buffer {
  return der(0x06, Buffer.from(hex, "hex"));
}

function name(commonName: string): Buffer {
  const attribute = sequence(objectId("550403"), der(0x0c, Buffer.from(commonName)));
  return sequence(der(0x31, attribute));
}

/** UTCTime, which ends in 2049. */
function time(date: Date): Buffer {
  const digits = date.toISOString().replace(/[-:T]/g, "").slice(2, 14);
  return der(0x17, Buffer.from(`${digits}Z`));
}

function pem(bytes: Buffer): string {
  const lines = bytes.toString("base64").replace(/.{64}/g, "$&\n").trimEnd();
  return `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`;
}

const ecdsaWithSha256 = sequence(objectId("2a8648ce3d040302"));

const isAuthority = sequence(der(0x01, Buffer.of(255)));
/** basicConstraints, critical. */
const authorityExtension = sequence(
  objectId("551d13"),
  der(0x01, Buffer.of(255)),
  der(0x04, isAuthority),
);

const addresses = sequence(der(0x82, Buffer.from("localhost")), der(0x87, Buffer.of(127, 0, 0, 1)));
/** subjectAltName. */
const addressesExtension = sequence(objectId("551d11"), der(0x04, addresses));
