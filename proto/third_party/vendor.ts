/**
 * Writes the third-party .proto files beside this script, so that a client in any language can be
 * generated from the repository alone. To update one, change its version and integrity below.
 */
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type NpmPackage, readNpmPackage } from "./npm-package.ts";
import { checkValidateProto, readValidateProto } from "./validate-proto.ts";
import type { VendoredFile } from "./vendored-file.ts";

const packages = [
  {
    name: "google-proto-files",
    version: "6.0.1",
    integrity:
      "sha512-fbvUWVNh3rKGlVFWwlUNF7Sk1Tah0a89q02rLTXsWjbKKHGeuURAa8tl9rvu5TyWny1YiSIo5eDqF260Tai6vQ==",
    files: {
      LICENSE: "LICENSE",
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
    write(join(staged, "README.md"), readme(files));
    checkValidateProto(staged);
    replace(import.meta.dirname, staged);
  } finally {
    rmSync(temporary, { recursive: true });
  }
}

function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

function readme(files: readonly VendoredFile[]): string {
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

What our own files import, and the other services of the same port. Give a compiler both roots:
\`protoc -I proto -I proto/third_party ...\`. The files of \`google/protobuf\` come with the compiler.

\`npm run vendor:proto\` writes everything here but the scripts, this file too.

${table.map((cells) => `| ${cells.join(" | ")} |`).join("\n")}
`;
}

/** Removes each staged directory's old self as a whole, so that no file stays that is not wanted. */
function replace(target: string, staged: string): void {
  for (const name of readdirSync(staged)) {
    rmSync(join(target, name), { recursive: true, force: true });
  }
  cpSync(staged, target, { recursive: true });
}

vendor();
