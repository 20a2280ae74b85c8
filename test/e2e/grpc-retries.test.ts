import type { ServiceError } from "@grpc/grpc-js";
import { Client, credentials, Metadata, status } from "@grpc/grpc-js";
import { expect, test } from "vitest";
import { encodeSync, rpcPath } from "./support/calls.ts";
import { serveOverProxy } from "./support/serve-over-proxy.ts";

const maxAttempts = 4;
const serviceConfig = {
  methodConfig: [
    {
      name: [{}],
      retryPolicy: {
        maxAttempts,
        initialBackoff: "0.01s",
        maxBackoff: "0.01s",
        backoffMultiplier: 1,
        retryableStatusCodes: ["UNAVAILABLE"],
      },
    },
  ],
};

test("a grpc-js client with a retryPolicy makes all its attempts while the database is away", async () => {
  await using stack = new AsyncDisposableStack();
  const { proxy, service, target } = await serveOverProxy(stack);
  const client = new Client(new URL(service.url).host, credentials.createInsecure(), {
    "grpc.use_local_subchannel_pool": 1,
    "grpc.service_config": JSON.stringify(serviceConfig),
  });
  const metadata = new Metadata();
  metadata.set("server-key", target.header);
  const call = () =>
    new Promise<ServiceError | null>((resolve) => {
      const same = (bytes: Buffer) => bytes;
      const message = encodeSync(["a", "b"]);
      client.makeUnaryRequest(rpcPath, same, same, message, metadata, (error) => resolve(error));
    });

  expect(await call()).toBeNull();
  await proxy.cut("refuses");
  const error = await call();
  expect(error?.code).toBe(status.UNAVAILABLE);
  const attempts = service.logs.filter(({ code }) => code === "UNAVAILABLE");
  expect(attempts).toHaveLength(maxAttempts);
  client.close();
});
