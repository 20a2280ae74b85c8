import type { DescField, DescMessage } from "@bufbuild/protobuf";

/** The error for a rule or a kind of field that is not supported. Without it, the rule would be ignored. */
export function unsupported(owner: DescField | DescMessage, what: string): Error {
  const name = owner.kind === "message" ? owner.typeName : `${owner.parent.typeName}.${owner.name}`;
  return new Error(`${name}: ${what} is not supported`);
}
