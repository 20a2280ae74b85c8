import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { findPackageJSON } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createRegistry, equals, fromBinary } from "@bufbuild/protobuf";
import {
  type FileDescriptorProto,
  FileDescriptorProtoSchema,
  FileDescriptorSetSchema,
} from "@bufbuild/protobuf/wkt";
import { file_buf_validate_validate as validate } from "@bufbuild/protovalidate/gen/buf/validate/validate_pb.js";
import { printProto } from "./print-proto.ts";
import { readOrigin, type VendoredFile } from "./vendored-file.ts";

const PACKAGE = "@bufbuild/protovalidate";
export const BUF = join(import.meta.dirname, "../../node_modules/.bin/buf");

/** The file uses its own extensions as custom options. */
const registry = createRegistry(validate);

/**
 * Prints buf/validate/validate.proto from its descriptor, because no npm package ships its source.
 * The version is that of the installed package.
 */
export function readValidateProto(): VendoredFile {
  const packageJson = findPackageJSON(PACKAGE, import.meta.url);
  if (packageJson === undefined) {
    throw new Error(`${PACKAGE} is not installed`);
  }
  const notice = `// Printed from the descriptor in the npm package ${PACKAGE}, which has no comments.`;
  return {
    path: validate.proto.name,
    text: [licenceHeader(), notice, printProto(validate.proto, registry)].join("\n\n"),
    origin: readOrigin(packageJson),
  };
}

/** Throws unless the printed file compiles to the descriptor that it was printed from. */
export function checkValidateProto(directory: string): void {
  const compiled = compile(directory, validate.proto.name);
  const options = { registry, extensions: true, unknown: true };
  if (!equals(FileDescriptorProtoSchema, compiled, validate.proto, options)) {
    throw new Error(`${validate.proto.name} as printed differs from the descriptor in ${PACKAGE}`);
  }
}

/** The comment at the top of the module that holds the descriptor. */
function licenceHeader(): string {
  const module = import.meta.resolve(`${PACKAGE}/gen/buf/validate/validate_pb.js`);
  const header = /^(?:\/\/.*\n)+/.exec(readFileSync(fileURLToPath(module), "utf8"));
  if (header === null) {
    throw new Error(`${PACKAGE} no longer states its licence above the descriptor`);
  }
  return header[0].trimEnd();
}

function compile(directory: string, path: string): FileDescriptorProto {
  const output = execFileSync(BUF, ["build", directory, "--as-file-descriptor-set", "-o", "-"]);
  const file = fromBinary(FileDescriptorSetSchema, output).file.find(({ name }) => name === path);
  if (file === undefined) {
    throw new Error(`${path} is not in ${directory}`);
  }
  // A descriptor in generated code has no positions and comments of the source.
  delete file.sourceCodeInfo;
  return file;
}
