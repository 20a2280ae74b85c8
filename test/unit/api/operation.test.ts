import { expect, test } from "vitest";
import { createOperations } from "../../../src/api/operation.ts";
import { Health } from "../../../src/gen/grpc/health/v1/health_pb.ts";

const options = {
  service: Health,
  handlers: {
    check: () => Promise.reject(new Error("not called")),
    list: () => Promise.reject(new Error("not called")),
    // biome-ignore lint/correctness/useYield: the handler is not called.
    async *watch() {
      throw new Error("not called");
    },
  },
  interceptors: [],
  rules: { maxListEntries: 10 },
};

test("a service that needs a Server-Key cannot have a stream", () => {
  expect(() => createOperations(options)).toThrow(
    "grpc.health.v1.Health/Watch: streams are not authenticated",
  );
});

test("an open service can have a stream", () => {
  const kinds = createOperations({ ...options, isOpen: true }).map(({ name, kind }) => [
    name,
    kind,
  ]);
  expect(kinds).toContainEqual(["grpc.health.v1.Health/Watch", "stream"]);
});
