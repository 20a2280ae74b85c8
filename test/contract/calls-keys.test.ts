import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ContactService } from "../../src/gen/contact/v1/contact_service_pb.ts";
import type { Rpc, Transport } from "./calls/transports.ts";
import { restPathOf, transports } from "./calls/transports.ts";
import type { Envelope } from "./case.ts";
import { base64 } from "./case.ts";
import { serveContract } from "./for-file.ts";
import { sendHttp1 } from "./http.ts";

const served = serveContract();
const rpcs = Object.keys(ContactService.method) as Rpc[];

function failure(status: number, code: string, message: string): Envelope {
  return { status, error: { code, message, field: "" }, data: {} };
}

const missing = failure(400, "40001", "Request headers are required (Server-Key)");
const malformed = failure(401, "49102", "Server-Key must be base64 of KEY_ID:KEY_SECRET");
const unknown = failure(401, "49103", "Server-Key is not valid");

describe.each(Object.entries(transports))("%s", (_, openTransport) => {
  let transport: Transport;
  beforeAll(() => {
    transport = openTransport(served.service);
  });
  afterAll(() => transport.close());

  test.each(rpcs)("%s checks the key before everything else", async (rpc) => {
    expect(await transport.call(rpc, {})).toEqual(missing);
    expect(await transport.call(rpc, {}, "nonsense")).toEqual(malformed);
    expect(await transport.call(rpc, {}, base64("nobody:nothing"))).toEqual(unknown);
  });
});

describe.each(rpcs)("the route of %s", (rpc) => {
  const path = restPathOf(rpc);

  test("accepts only POST", async () => {
    const { header } = await served.service.createApp();
    const headers = { "server-key": header };
    const answer = await sendHttp1(served.service.port, { method: "GET", path, headers });
    expect(JSON.parse(answer.text)).toEqual(failure(405, "40500", "Method must be POST"));
    expect(answer.headers.allow).toBe("POST");
  });

  test.each([
    ["[]", failure(400, "40002", "Request body must be a JSON object")],
    ["null", failure(400, "40002", "Request body must be a JSON object")],
    ["{", failure(400, "40002", "Request body must be valid JSON")],
  ])("rejects the body %s", async (text, expected) => {
    const { header } = await served.service.createApp();
    const headers = { "server-key": header, "content-type": "application/json" };
    const body = Buffer.from(text);
    const answer = await sendHttp1(served.service.port, { method: "POST", path, headers, body });
    expect(JSON.parse(answer.text)).toEqual(expected);
  });
});
