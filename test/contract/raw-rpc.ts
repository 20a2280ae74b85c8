import { Client, credentials, Metadata, status } from "@grpc/grpc-js";
import type { TestService } from "../support/service.ts";
import { sendHttp1 } from "./http.ts";

/** The result of a call: the name of its gRPC status, and the message. */
export interface RawOutcome {
  readonly code: string;
  readonly message: string;
}

/** Sends any bytes as the request message of Sync Contacts. */
export type SendRaw = (
  service: TestService,
  bytes: Uint8Array,
  key: string | undefined,
) => Promise<RawOutcome>;

const path = "/contact.v1.ContactService/SyncContacts";

/** The transports for raw bytes, by protocol and format. */
export const rawTransports: readonly {
  readonly name: string;
  readonly format: "proto" | "json";
  readonly send: SendRaw;
}[] = [
  { name: "gRPC", format: "proto", send: sendGrpc },
  { name: "gRPC-Web", format: "proto", send: grpcWeb("application/grpc-web+proto") },
  { name: "gRPC-Web in JSON", format: "json", send: grpcWeb("application/grpc-web+json") },
  { name: "Connect", format: "proto", send: connect("application/proto") },
  { name: "Connect in JSON", format: "json", send: connect("application/json") },
];

function sendGrpc({ port }: TestService, bytes: Uint8Array, key: string | undefined) {
  const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
  const metadata = new Metadata();
  if (key !== undefined) metadata.set("server-key", key);
  return new Promise<RawOutcome>((resolve) => {
    const identity = (bytes: Buffer) => bytes;
    client.makeUnaryRequest(path, identity, identity, Buffer.from(bytes), metadata, (error) => {
      client.close();
      const code = status[error?.code ?? 0] ?? "";
      resolve({ code, message: error?.details ?? "" });
    });
  });
}

function connect(contentType: string): SendRaw {
  return async ({ port }, body, key) => {
    const headers = headersOf(contentType, key);
    const answer = await sendHttp1(port, { method: "POST", path, headers, body });
    if (answer.status === 200) return { code: "OK", message: "" };
    const { code, message } = JSON.parse(answer.text);
    return { code: code.toUpperCase(), message };
  };
}

function grpcWeb(contentType: string): SendRaw {
  return async ({ port }, bytes, key) => {
    const prefix = Buffer.alloc(5);
    prefix.writeUInt32BE(bytes.length, 1);
    const body = Buffer.concat([prefix, bytes]);
    const headers = headersOf(contentType, key);
    const answer = await sendHttp1(port, { method: "POST", path, headers, body });
    const inHeaders = Object.entries(answer.headers).map(([name, value]) => `${name}: ${value}`);
    const lines = [...inHeaders, ...answer.text.split("\r\n")].join("\n");
    const code = /grpc-status: (\d+)/i.exec(lines)?.[1];
    const message = /grpc-message: (.*)/i.exec(lines)?.[1] ?? "";
    return { code: status[Number(code)] ?? "", message: decodeURIComponent(message) };
  };
}

function headersOf(contentType: string, key: string | undefined): Record<string, string> {
  return { "content-type": contentType, ...(key !== undefined && { "server-key": key }) };
}
