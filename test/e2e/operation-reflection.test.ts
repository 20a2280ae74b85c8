import { create, createFileRegistry, fromBinary } from "@bufbuild/protobuf";
import type { FileDescriptorProto } from "@bufbuild/protobuf/wkt";
import { FileDescriptorProtoSchema, FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { Code, createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { describe, expect, test } from "vitest";
import type { ServerReflectionRequest } from "../../src/gen/grpc/reflection/v1/reflection_pb.ts";
import { ServerReflection } from "../../src/gen/grpc/reflection/v1/reflection_pb.ts";
import { ServerReflection as ServerReflectionAlpha } from "../../src/gen/grpc/reflection/v1alpha/reflection_pb.ts";
import { startServiceForTest } from "../support/service.ts";
import { serveForFile } from "./support/served.ts";

const served = serveForFile();
const notFound = 5;

type Question = ServerReflectionRequest["messageRequest"];

/** Asks one question after the other on one stream. The messages of both versions are alike. */
async function askAll(service: typeof ServerReflection, questions: readonly Question[]) {
  const client = createClient(service, createGrpcTransport({ baseUrl: served.url }));
  async function* requests() {
    for (const messageRequest of questions) yield { host: "here", messageRequest };
  }
  const answers = [];
  for await (const { messageResponse, originalRequest } of client.serverReflectionInfo(
    requests(),
  )) {
    expect(originalRequest?.host).toBe("here");
    answers.push(messageResponse);
  }
  return answers;
}

describe.each([
  { version: "v1", service: ServerReflection },
  { version: "v1alpha", service: ServerReflectionAlpha as unknown as typeof ServerReflection },
])("reflection $version", ({ service }) => {
  async function ask(question: Question) {
    const [answer] = await askAll(service, [question]);
    return answer;
  }

  async function filesOf(question: Question): Promise<FileDescriptorProto[]> {
    const answer = await ask(question);
    if (answer?.case !== "fileDescriptorResponse") throw new Error(`answered ${answer?.case}`);
    return answer.value.fileDescriptorProto.map((bytes) =>
      fromBinary(FileDescriptorProtoSchema, bytes),
    );
  }

  test("lists the services", async () => {
    const answer = await ask({ case: "listServices", value: "" });
    expect(answer?.case).toBe("listServicesResponse");
    const names = answer?.case === "listServicesResponse" ? answer.value.service : [];
    expect(names.map(({ name }) => name).sort()).toEqual([
      "contact.v1.ContactService",
      "grpc.health.v1.Health",
      "grpc.reflection.v1.ServerReflection",
      "grpc.reflection.v1alpha.ServerReflection",
    ]);
  });

  test.each([
    { what: "a service", symbol: "contact.v1.ContactService" },
    { what: "a method", symbol: "contact.v1.ContactService.SyncContacts" },
    { what: "a message", symbol: "contact.v1.ContactEntry" },
    { what: "a field", symbol: "contact.v1.ContactEntry.owner_xc_user_id" },
  ])("finds the file of $what", async ({ symbol }) => {
    const [first] = await filesOf({ case: "fileContainingSymbol", value: symbol });
    expect(first?.name).toBe("contact/v1/contact_service.proto");
  });

  test.each([
    {
      symbol: "grpc.health.v1.HealthCheckResponse.ServingStatus",
      file: "grpc/health/v1/health.proto",
    },
    { symbol: "google.api.http", file: "google/api/annotations.proto" },
    { symbol: "contact.v1.field_code", file: "contact/v1/options.proto" },
    { symbol: "google.protobuf.FieldOptions", file: "google/protobuf/descriptor.proto" },
  ])("finds the file of $symbol", async ({ symbol, file }) => {
    const [first] = await filesOf({ case: "fileContainingSymbol", value: symbol });
    expect(first?.name).toBe(file);
  });

  test.each([
    "contact/v1/contact_service.proto",
    "contact/v1/options.proto",
    "buf/validate/validate.proto",
    "google/protobuf/descriptor.proto",
  ])("finds %s by its name", async (name) => {
    const [first] = await filesOf({ case: "fileByFilename", value: name });
    expect(first?.name).toBe(name);
  });

  test("finds the file of an extension, and the numbers of a type's extensions", async () => {
    const containingType = "google.protobuf.FieldOptions";
    const value = { containingType, extensionNumber: 50101 };
    const question = { case: "fileContainingExtension", value } as Question;
    expect((await filesOf(question))[0]?.name).toBe("contact/v1/options.proto");
    const numbers = await ask({ case: "allExtensionNumbersOfType", value: containingType });
    expect(numbers).toMatchObject({
      case: "allExtensionNumbersResponse",
      value: { baseTypeName: containingType, extensionNumber: expect.arrayContaining([50101]) },
    });
  });

  test("gives a client everything that it needs to build the method", async () => {
    const file = await filesOf({
      case: "fileContainingSymbol",
      value: "contact.v1.ContactService.SyncContacts",
    });
    const registry = createFileRegistry(create(FileDescriptorSetSchema, { file: file.reverse() }));
    const found = registry.getService("contact.v1.ContactService");
    const names = found?.method.syncContacts?.input.fields.map(({ name }) => name);
    expect(names).toEqual(["contacts", "return_outcomes"]);
  });

  test("returns NOT_FOUND for an unknown symbol, and continues", async () => {
    const extension = { containingType: "contact.v1.ContactEntry", extensionNumber: 9 };
    const answers = await askAll(service, [
      { case: "fileContainingSymbol", value: "contact.v1.Nothing" },
      { case: "fileContainingSymbol", value: "" },
      { case: "fileByFilename", value: "nothing.proto" },
      { case: "fileContainingExtension", value: extension } as Question,
      { case: "allExtensionNumbersOfType", value: "contact.v1.Nothing" },
      { case: "listServices", value: "" },
    ]);
    expect(answers.pop()?.case).toBe("listServicesResponse");
    for (const answer of answers) {
      expect(answer).toMatchObject({ case: "errorResponse", value: { errorCode: notFound } });
    }
  });

  test("answers a request without a question", async () => {
    expect((await ask({ case: undefined }))?.case).toBe("errorResponse");
  });
});

test("reflection can be turned off", async () => {
  const service = await startServiceForTest({ REFLECTION: "off" });
  for (const reflection of [ServerReflection, ServerReflectionAlpha]) {
    const transport = createGrpcTransport({ baseUrl: service.url });
    const client = createClient(reflection, transport);
    const answers = client.serverReflectionInfo(noRequests());
    await expect(answers[Symbol.asyncIterator]().next()).rejects.toMatchObject({
      code: Code.Unimplemented,
    });
  }
});

async function* noRequests(): AsyncGenerator<never> {}
