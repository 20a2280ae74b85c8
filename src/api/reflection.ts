import type { DescFile, DescService } from "@bufbuild/protobuf";
import { createRegistry, toBinary } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import { Code } from "@connectrpc/connect";
import type {
  ServerReflection,
  ServerReflectionRequest,
} from "../gen/grpc/reflection/v1/reflection_pb.ts";
import type { ServerReflection as ServerReflectionAlpha } from "../gen/grpc/reflection/v1alpha/reflection_pb.ts";
import type { Handlers } from "./operation.ts";

/** The messages of v1 and v1alpha differ only in their package, so the same handlers serve both. */
type ReflectionHandlers = Handlers<typeof ServerReflection> &
  Handlers<typeof ServerReflectionAlpha>;
type Question = ServerReflectionRequest["messageRequest"];

/**
 * The handlers of server reflection, so that grpcurl, `buf curl` and similar tools need no .proto files.
 *
 * @param options.services the services to list
 * @param options.files files to serve besides those of the services and their imports, such as the
 *   details of errors
 */
export function createReflectionService({
  services,
  files: more,
}: {
  readonly services: readonly DescService[];
  readonly files: readonly DescFile[];
}): ReflectionHandlers {
  const files = withDependencies([...services.map((service) => service.file), ...more]);
  const byName = new Map(files.map((file) => [`${file.name}.proto`, file]));
  const registry = createRegistry(...files);
  const responses = new Map(files.map((file) => [file, descriptorsOf(file)]));

  function filesOrError(file: DescFile | undefined) {
    const response = file && responses.get(file);
    return response?.() ?? error(Code.NotFound, "not found");
  }

  /** The file of a type, service, or extension, or of one of its members, such as a method. */
  function fileOfSymbol(symbol: string): DescFile | undefined {
    const parent = symbol.slice(0, Math.max(0, symbol.lastIndexOf(".")));
    return (registry.get(symbol) ?? registry.get(parent))?.file;
  }

  function extensionsOf(typeName: string): number[] | undefined {
    const message = registry.getMessage(typeName);
    if (message === undefined) return undefined;
    return [...registry].flatMap((type) =>
      type.kind === "extension" && type.extendee.typeName === typeName ? [type.number] : [],
    );
  }

  function answer({ case: kind, value }: Question) {
    switch (kind) {
      case "listServices": {
        const service = services.map(({ typeName }) => ({ name: typeName }));
        return { case: "listServicesResponse", value: { service } } as const;
      }
      case "fileByFilename":
        return filesOrError(byName.get(value));
      case "fileContainingSymbol":
        return filesOrError(fileOfSymbol(value));
      case "fileContainingExtension": {
        const extendee = registry.getMessage(value.containingType);
        const extension = extendee && registry.getExtensionFor(extendee, value.extensionNumber);
        return filesOrError(extension?.file);
      }
      case "allExtensionNumbersOfType": {
        const extensionNumber = extensionsOf(value);
        if (extensionNumber === undefined) return error(Code.NotFound, "unknown type");
        const numbers = { baseTypeName: value, extensionNumber };
        return { case: "allExtensionNumbersResponse", value: numbers } as const;
      }
      default:
        return error(Code.InvalidArgument, "the request is empty");
    }
  }

  const v1: Handlers<typeof ServerReflection> = {
    async *serverReflectionInfo(requests) {
      for await (const request of requests) {
        yield {
          validHost: request.host,
          originalRequest: request,
          messageResponse: answer(request.messageRequest),
        };
      }
    },
  };
  return v1 as ReflectionHandlers;
}

/** The response with a file and its imports. They are serialized once. */
function descriptorsOf(file: DescFile) {
  let response: ReturnType<typeof serialize> | undefined;
  return () => {
    response ??= serialize(file);
    return response;
  };
}

function serialize(file: DescFile) {
  const fileDescriptorProto = withDependencies([file]).map(({ proto }) =>
    toBinary(FileDescriptorProtoSchema, proto),
  );
  return { case: "fileDescriptorResponse", value: { fileDescriptorProto } } as const;
}

function error(errorCode: Code, errorMessage: string) {
  return { case: "errorResponse", value: { errorCode, errorMessage } } as const;
}

/** The files and all their imports, each once. A file stands before its imports. */
function withDependencies(files: readonly DescFile[]): DescFile[] {
  const all = new Set(files);
  for (const file of all) for (const dependency of file.dependencies) all.add(dependency);
  return [...all];
}
