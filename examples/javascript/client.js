import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { credentials, loadPackageDefinition, Metadata } from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";

const proto = fileURLToPath(new URL("../../proto", import.meta.url));

export const definition = loadSync(
  ["contact/v1/contact_service.proto", "google/rpc/status.proto", "google/rpc/error_details.proto"],
  {
    includeDirs: [proto],
    // Field names as in the proto: owner_xc_user_id. Without this option the name is ownerXcUserId,
    // and proto-loader silently ignores ownerXCUserID, the name in JSON.
    keepCase: true,
    longs: Number,
    enums: String,
    defaults: true,
  },
);

/** Calls the service with promises: `await client.ListContacts({ owner_xc_user_id: "alice" })`. */
export function createClient(url, serverKey) {
  const { ContactService } = loadPackageDefinition(definition).contact.v1;
  const { host, protocol } = new URL(url);
  const target = process.env.KITH_TARGET ?? `dns:///${host}`;
  const isSecure = protocol === "https:";
  const channel = isSecure ? credentials.createSsl() : credentials.createInsecure();
  const stub = new ContactService(target, channel, {
    "grpc.service_config": readFileSync(new URL("../service-config.json", import.meta.url), "utf8"),
    "grpc.initial_reconnect_backoff_ms": 100,
    "grpc.max_reconnect_backoff_ms": 2_000,
    "grpc.keepalive_time_ms": 30_000,
    "grpc.keepalive_timeout_ms": 5_000,
  });
  const metadata = new Metadata();
  metadata.set("server-key", serverKey);

  const client = { stub, metadata };
  for (const name of Object.keys(ContactService.service)) {
    const call = promisify(stub[name]).bind(stub);
    client[name] = (request, options = {}) => call(request, metadata, options);
  }
  return client;
}

/** The details of an error, by the name of their message type. */
export function detailsOf(error) {
  const [bytes] = error.metadata.get("grpc-status-details-bin");
  const { details } = definition["google.rpc.Status"].deserialize(bytes);
  return Object.fromEntries(
    details.map(({ type_url, value }) => {
      const name = type_url.slice(type_url.lastIndexOf("/") + 1);
      return [name, definition[name].deserialize(value)];
    }),
  );
}
