import { gzipSync } from "node:zlib";
import { create } from "@bufbuild/protobuf";
import { describe, expect, onTestFinished, test } from "vitest";
import { SyncContactsRequestSchema } from "../../src/gen/contact/v1/contact_service_pb.ts";
import { syncPath } from "../contract/case.ts";
import { serveContract } from "../contract/for-file.ts";
import { rpcClients } from "../support/clients.ts";

const served = serveContract({});

/** A body of JSON near the size limit, most of which is many copies of a text. */
function jsonOf(before: string, copy: string, after: string): string {
  return before + copy.repeat(Math.floor(8_000_000 / copy.length)) + after;
}

const tooManyContacts = {
  code: "40002",
  message: "Param 'contacts' cannot have more than 10,000 entries",
  field: "101",
};
const tooManyValues = {
  code: "40002",
  message: "Request body cannot have more than 100,000 values",
  field: "",
};

const bodies = [
  { name: "empty entries", text: jsonOf('{"contacts":[', "{},", "{}]}"), error: tooManyContacts },
  { name: "numbers", text: jsonOf('{"x":[', "1,", "1]}"), error: tooManyValues },
  { name: "unknown members", text: jsonOf("{", '"x":1,', '"y":1}'), error: tooManyValues },
];

describe.each([
  { encoding: "gzip", encode: (text: string) => new Uint8Array(gzipSync(text)) },
  { encoding: "identity", encode: (text: string) => text },
])("REST with $encoding", ({ encoding, encode }) => {
  test.each(bodies)("rejects millions of $name", async ({ text, error }) => {
    const { header } = await served.service.createApp();
    const response = await fetch(served.service.url + syncPath, {
      method: "POST",
      headers: {
        "Server-Key": header,
        "Content-Type": "application/json",
        "Content-Encoding": encoding,
      },
      body: encode(text),
    });
    expect(await response.json()).toEqual({ status: 400, error, data: {} });
  });
});

describe.each(Object.entries(rpcClients))("%s", (_, createClient) => {
  test.each([{ compress: false }, { compress: true }])(
    "rejects many empty entries, compressed: $compress",
    async (options) => {
      const { header } = await served.service.createApp();
      const client = createClient(served.service.url, options);
      onTestFinished(() => client.close());
      const contacts = Array.from({ length: 300_000 }, () => ({}));
      const message = create(SyncContactsRequestSchema, { contacts });
      const { failure } = await client.sync(message, { "server-key": header });
      expect(failure).toMatchObject({
        code: "INVALID_ARGUMENT",
        message: tooManyContacts.message,
        details: { "google.rpc.ErrorInfo": { metadata: { code: "40002", field: "101" } } },
      });
    },
  );
});
