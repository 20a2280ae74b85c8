/**
 * A plugin of `buf generate` that writes the comments of the contract as TypeScript. The generated
 * descriptors have no comments, and the OpenAPI document needs them.
 */
import { buffer } from "node:stream/consumers";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import type { FileDescriptorProto } from "@bufbuild/protobuf/wkt";
import {
  CodeGeneratorRequestSchema,
  CodeGeneratorResponse_Feature,
  CodeGeneratorResponseSchema,
  DescriptorProtoSchema,
  EnumDescriptorProtoSchema,
  FileDescriptorProtoSchema,
  ServiceDescriptorProtoSchema,
} from "@bufbuild/protobuf/wkt";

interface Named {
  readonly name: string;
}

/** The lists of a descriptor whose entries have comments, by their field number. */
type Children = ReadonlyMap<number, readonly Named[]>;

const file = FileDescriptorProtoSchema.field;
const message = DescriptorProtoSchema.field;

function childrenOf(node: object): Children {
  const lists = node as Record<string, readonly Named[]>;
  const list = ({ number, localName }: { number: number; localName: string }) =>
    [number, lists[localName] ?? []] as const;
  const type = (node as { $typeName: string }).$typeName;
  switch (type) {
    case FileDescriptorProtoSchema.typeName:
      return new Map([file.messageType, file.enumType, file.service].map(list));
    case DescriptorProtoSchema.typeName:
      return new Map([message.field, message.nestedType, message.enumType].map(list));
    case EnumDescriptorProtoSchema.typeName:
      return new Map([list(EnumDescriptorProtoSchema.field.value)]);
    case ServiceDescriptorProtoSchema.typeName:
      return new Map([list(ServiceDescriptorProtoSchema.field.method)]);
    default:
      return new Map();
  }
}

/** The full name of the element at a path of source code info; undefined for other elements. */
function nameAt(root: FileDescriptorProto, path: readonly number[]): string | undefined {
  let node: object = root;
  let name = root.package;
  for (let at = 0; at < path.length; at += 2) {
    const [list = 0, index = 0] = path.slice(at, at + 2);
    const child: Named | undefined = childrenOf(node).get(list)?.[index];
    if (child === undefined) return undefined;
    node = child;
    name = `${name}.${child.name}`;
  }
  return path.length === 0 ? undefined : name;
}

/** The comments of a file, by the full name of the element that they precede. */
function commentsOf(root: FileDescriptorProto): [name: string, text: string][] {
  return (root.sourceCodeInfo?.location ?? []).flatMap(({ path, leadingComments }) => {
    const name = nameAt(root, path);
    const text = textOf(leadingComments);
    return name === undefined || text === "" ? [] : [[name, text] as [string, string]];
  });
}

/** One line for each paragraph, without the directives of tools. */
function textOf(comment: string): string {
  return comment
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => !line.startsWith("buf:lint:"))
    .join("\n")
    .split(/\n{2,}/)
    .map((paragraph) => paragraph.trim().replaceAll("\n", " "))
    .filter((paragraph) => paragraph !== "")
    .join("\n\n");
}

const request = fromBinary(CodeGeneratorRequestSchema, await buffer(process.stdin));
const files = request.protoFile
  .filter(({ name }) => request.fileToGenerate.includes(name))
  .filter((root) => root.package === request.parameter)
  .filter((root) => root.service.length > 0);
const response = create(CodeGeneratorResponseSchema, {
  supportedFeatures: BigInt(CodeGeneratorResponse_Feature.PROTO3_OPTIONAL),
  file: files.map((root) => ({
    name: root.name.replace(/\.proto$/, "_comments.ts"),
    content: `// @generated from file ${root.name}
/** The comments of the proto, by the full name of the element. */
export const comments: Readonly<Record<string, string>> = ${JSON.stringify(Object.fromEntries(commentsOf(root)), null, 2)};
`,
  })),
});
process.stdout.write(toBinary(CodeGeneratorResponseSchema, response));
