import { join } from "node:path";
import { create } from "@bufbuild/protobuf";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { SyncContactsRequestSchema } from "../../src/gen/contact/v1/contact_service_pb.ts";
import { makeCertificate } from "../support/certificates.ts";
import type { ClientTls } from "../support/clients.ts";
import { rpcClients } from "../support/clients.ts";
import type { TestApp, TestService } from "../support/service.ts";
import { startService } from "../support/service.ts";
import type { TlsFolder } from "./support/tls.ts";
import { getOverHttp1, makeTlsFolder } from "./support/tls.ts";

let folder: TlsFolder;
let service: TestService;
let app: TestApp;
let withCertificate: ClientTls;
let withForeignCertificate: ClientTls;

beforeAll(async () => {
  folder = makeTlsFolder();
  const { authority } = folder;
  const ca = authority.cert;
  withCertificate = { ca, ...makeCertificate({ subject: "client", issuer: authority }) };
  const stranger = makeCertificate({ subject: "Test CA" });
  withForeignCertificate = { ca, ...makeCertificate({ subject: "client", issuer: stranger }) };
  service = await startService({ ...folder.env, TLS_CLIENT_CA_FILE: join(folder.path, "ca.crt") });
  app = await service.createApp();
});

afterAll(async () => {
  await service.stop();
  folder[Symbol.dispose]();
});

describe.each(Object.entries(rpcClients))("%s", (name, createClient) => {
  async function sync(tls: ClientTls) {
    const client = createClient(service.url, { tls });
    const contacts = [{ ownerXcUserId: name, contactXcUserId: "bob" }];
    const message = create(SyncContactsRequestSchema, { contacts });
    const answer = await client.sync(message, { "Server-Key": app.header });
    client.close();
    return answer;
  }

  test("serves a client with a certificate of the authority", async () => {
    expect((await sync(withCertificate)).response?.countInserted).toBe(1n);
  });

  test.each([
    { whose: "no certificate", tls: () => ({ ca: withCertificate.ca }) },
    { whose: "a certificate of another authority", tls: () => withForeignCertificate },
  ])("rejects a client with $whose", async ({ tls }) => {
    expect((await sync(tls())).failure).toBeDefined();
  });
});

test("probes need a certificate too", async () => {
  const url = `${service.url}/readyz`;
  await expect(getOverHttp1(url, { ca: withCertificate.ca })).rejects.toThrow();
  expect((await getOverHttp1(url, { ...withCertificate })).status).toBe(200);
});
