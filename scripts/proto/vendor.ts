/**
 * Writes the third-party .proto files into `proto`, so that a client in any language can be
 * generated from the repository alone. To update one, change its version and integrity below.
 */
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type NpmPackage, readNpmPackage } from "./npm-package.ts";
import { BUF, checkValidateProto, readValidateProto } from "./validate-proto.ts";
import type { VendoredFile } from "./vendored-file.ts";

const PROTO = join(import.meta.dirname, "../../proto");

const packages = [
  {
    name: "google-proto-files",
    version: "6.0.1",
    integrity:
      "sha512-fbvUWVNh3rKGlVFWwlUNF7Sk1Tah0a89q02rLTXsWjbKKHGeuURAa8tl9rvu5TyWny1YiSIo5eDqF260Tai6vQ==",
    files: {
      THIRD_PARTY_LICENSE: "LICENSE",
      "google/api/annotations.proto": "google/api/annotations.proto",
      "google/api/http.proto": "google/api/http.proto",
      "google/rpc/error_details.proto": "google/rpc/error_details.proto",
      "google/rpc/status.proto": "google/rpc/status.proto",
    },
  },
  {
    name: "grpc-health-check",
    version: "2.1.0",
    integrity:
      "sha512-HH3WjwNtusMTEQAtRelFgsFyNcOdihvpjusNDIrGYfWG8tPNSHqELrSyriIjm70k65YSxetsKG1y4H1L5gi1wQ==",
    files: { "grpc/health/v1/health.proto": "proto/health/v1/health.proto" },
  },
  {
    name: "@grpc/reflection",
    version: "1.0.4",
    integrity:
      "sha512-znA8v4AviOD3OPOxy11pxrtP8k8DanpefeTymS8iGW1fVr1U2cHuzfhYqDPHnVNDf4qvF9E25KtSihPy2DBWfQ==",
    files: {
      "grpc/reflection/v1/reflection.proto": "build/proto/grpc/reflection/v1/reflection.proto",
      "grpc/reflection/v1alpha/reflection.proto":
        "build/proto/grpc/reflection/v1alpha/reflection.proto",
    },
  },
] as const satisfies readonly NpmPackage[];

/** Stages and checks everything first, so that a failure leaves the vendored files as they are. */
function vendor(): void {
  const temporary = mkdtempSync(join(tmpdir(), "vendor-proto-"));
  try {
    const staged = join(temporary, "staged");
    const files = packages.flatMap((source) => readNpmPackage(source, temporary));
    files.push(readValidateProto());
    for (const { path, text } of files) {
      write(join(staged, path), text);
    }
    write(join(staged, "THIRD_PARTY.md"), record(files));
    execFileSync(BUF, ["format", "--write", staged]);
    checkValidateProto(staged);
    replace(PROTO, staged);
  } finally {
    rmSync(temporary, { recursive: true });
  }
}

function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

function record(files: readonly VendoredFile[]): string {
  const rows = files
    .toSorted((a, b) => (a.path < b.path ? -1 : 1))
    .map(({ path, origin }) => [
      `\`${path}\``,
      `\`${origin.name}\``,
      origin.version,
      origin.licence,
    ]);
  const table = [["File", "npm package", "Version", "Licence"], Array(4).fill("---"), ...rows];
  return `# Third-party .proto files

The files that \`contact/v1\` imports, and those of the other services on the same port. \`npm run
vendor:proto\` writes these files, formatted by \`buf format\`, and this page.

${table.map((cells) => `| ${cells.join(" | ")} |`).join("\n")}
`;
}

/** Replaces each staged file or directory as a whole, so that no outdated file remains. */
function replace(target: string, staged: string): void {
  for (const name of readdirSync(staged)) {
    rmSync(join(target, name), { recursive: true, force: true });
  }
  cpSync(staged, target, { recursive: true });
}

vendor();
