import type { DescMethod } from "@bufbuild/protobuf";
import { getOption } from "@bufbuild/protobuf";
import { http } from "../../gen/google/api/annotations_pb.ts";

/** The path of an RPC over REST. @throws Error if its `google.api.http` option is not supported */
export function postPath(method: DescMethod): string {
  const { pattern, body } = getOption(method, http);
  if (pattern.case !== "post" || body !== "*" || pattern.value.includes("{")) {
    throw new Error(`${method.name}: REST supports post without parameters in its path, body "*"`);
  }
  return pattern.value;
}
