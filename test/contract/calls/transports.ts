import type { DescMessage, JsonValue } from "@bufbuild/protobuf";
import { fromJson, getOption } from "@bufbuild/protobuf";
import { compileJsonWriter } from "../../../src/api/json-writer.ts";
import type { Reason } from "../../../src/errors.ts";
import { errors } from "../../../src/errors.ts";
import { ContactService } from "../../../src/gen/contact/v1/contact_service_pb.ts";
import { http } from "../../../src/gen/google/api/annotations_pb.ts";
import type { CreateRpcClient, RpcFailure } from "../../support/clients.ts";
import { createGrpcJsClient, rpcClients } from "../../support/clients.ts";
import type { Envelope } from "../case.ts";
import { success } from "../case.ts";
import type { Send } from "../http.ts";
import { restVersions } from "../http.ts";
import { expectSameFault } from "../rpc.ts";

/** A call of the contact service, such as `listContacts`. */
export type Rpc = keyof typeof ContactService.method;

/** A client of one transport. On every transport, requests and responses are in the JSON form of REST. */
export interface Transport {
  /**
   * @param body the request in the JSON form of REST
   * @param header the value of the Server-Key header; if absent, the header is not sent
   */
  call(rpc: Rpc, body: unknown, header?: string): Promise<Envelope>;
  close(): void;
}

export type OpenTransport = (target: { readonly url: string; readonly port: number }) => Transport;

/** Every transport, by name. */
export const transports: Readonly<Record<string, OpenTransport>> = {
  ...Object.fromEntries(Object.entries(restVersions).map(([name, send]) => [name, overRest(send)])),
  ...Object.fromEntries(
    Object.entries(rpcClients).map(([name, createClient]) => [name, overRpc(createClient)]),
  ),
  // The fast path also serves compressed calls.
  "gRPC in gzip": overRpc((url) => createGrpcJsClient(url, { compress: true })),
};

/** The path of a call over REST. */
export function restPathOf(rpc: Rpc): string {
  const { pattern } = getOption(ContactService.method[rpc], http);
  if (pattern.case !== "post") throw new Error(`${rpc} has no route`);
  return pattern.value;
}

function overRest(send: Send): OpenTransport {
  return ({ port }) => ({
    async call(rpc, body, header) {
      const answer = await send(port, {
        method: "POST",
        path: restPathOf(rpc),
        headers: {
          "content-type": "application/json",
          ...(header !== undefined && { "server-key": header }),
        },
        body: Buffer.from(JSON.stringify(body)),
      });
      const envelope: Envelope = JSON.parse(answer.text);
      if (envelope.status !== answer.status) throw new Error(`${answer.status}: ${answer.text}`);
      return envelope;
    },
    close() {},
  });
}

function overRpc(createClient: CreateRpcClient): OpenTransport {
  return ({ url }) => {
    const client = createClient(url);
    return {
      async call(rpc, body, header) {
        const method = ContactService.method[rpc];
        const json: JsonValue = JSON.parse(JSON.stringify(body));
        const message = fromJson<DescMessage>(method.input, json, { ignoreUnknownFields: true });
        const headers = header === undefined ? {} : { "server-key": header };
        const { response, failure } = await client.call<DescMessage, DescMessage>(
          method,
          message,
          headers,
        );
        if (failure !== undefined) return envelopeOf(failure, method.input);
        return success(JSON.parse(compileJsonWriter(method.output, { isRest: true })(response)));
      },
      close: () => client.close(),
    };
  };
}

interface ErrorInfo {
  readonly reason: Reason;
  readonly metadata: { readonly code: string; readonly field: string };
}

/** The REST envelope of a failure. Checks that the failure contains the same fault. */
function envelopeOf(failure: RpcFailure, request: DescMessage): Envelope {
  const info = failure.details["google.rpc.ErrorInfo"] as unknown as ErrorInfo | undefined;
  if (info === undefined) throw new Error(`${failure.code}: ${failure.message}`);
  const error = { ...info.metadata, message: failure.message };
  expectSameFault(failure, error, request);
  return { status: errors[info.reason].http, error, data: {} };
}
