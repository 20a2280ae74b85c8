import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { fromBinary, toJson } from "@bufbuild/protobuf";
import {
  type FileDescriptorProto,
  FileDescriptorProtoSchema,
  FileDescriptorSetSchema,
} from "@bufbuild/protobuf/wkt";
import { expect, test } from "vitest";
import { withoutCustomOptions } from "../../../scripts/proto/plain.ts";

const root = join(import.meta.dirname, "../../..");
const path = "contact/v1/contact_service.proto";

test("proto-plain has the messages, calls and comments of the contract", () => {
  const contract = compile("proto");
  const plain = compile("proto-plain");
  expect(commentsOf(plain)).toEqual(commentsOf(contract));
  expect(descriptor(plain)).toEqual(descriptor(contract));
});

test("proto-plain imports only files of google/protobuf", () => {
  expect(compile("proto-plain").dependency).toEqual(["google/protobuf/timestamp.proto"]);
});

const fields: [source: string, plain: string][] = [
  ["bool a = 1 [(x.y) = 104];", "bool a = 1;"],
  [
    'bool a = 1 [\n  json_name = "b",\n  (x.y).z = {\n    c: "],}"\n    d: [1, 2]\n  }\n];',
    'bool a = 1 [json_name = "b"];',
  ],
  ['bool a = 1 [json_name = "b"];', 'bool a = 1 [json_name = "b"];'],
  ['import "x/y.proto";\nbool a = 1;', "bool a = 1;"],
  ["rpc A(B) returns (C) {\n  option (x.y) = {\n    post: 1\n  };\n}", "rpc A(B) returns (C);"],
];

test.each(fields)("%j becomes %j", (source, plain) => {
  expect(withoutCustomOptions(source)).toMatch(
    new RegExp(`^(//.*\\n)+\\n${RegExp.escape(plain)}$`),
  );
});

function compile(directory: string): FileDescriptorProto {
  const buf = join(root, "node_modules/.bin/buf");
  const args = ["build", join(root, directory), "--as-file-descriptor-set", "-o", "-"];
  const output = execFileSync(buf, args, { cwd: root, maxBuffer: 64 << 20 });
  const file = fromBinary(FileDescriptorSetSchema, output).file.find(({ name }) => name === path);
  if (file === undefined) throw new Error(`${path} is not in ${directory}`);
  return file;
}

/** The descriptor in JSON without custom options, which are unknown fields here. */
function descriptor(file: FileDescriptorProto): unknown {
  const { dependency: _, sourceCodeInfo: __, ...rest } = toJson(FileDescriptorProtoSchema, file);
  return JSON.parse(JSON.stringify(rest), (key, value) =>
    key === "options" && Object.keys(value).length === 0 ? undefined : value,
  );
}

function commentsOf(file: FileDescriptorProto): string[] {
  const locations = file.sourceCodeInfo?.location ?? [];
  return locations.flatMap(({ leadingComments, trailingComments }) =>
    [leadingComments, trailingComments].filter((comment) => comment !== ""),
  );
}
