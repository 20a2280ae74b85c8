import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { createConnectTransport, createGrpcWebTransport } from "@connectrpc/connect-web";
import { ContactService } from "./gen/contact/v1/contact_service_pb.ts";
import { ErrorInfoSchema } from "./gen/google/rpc/error_details_pb.ts";

const transports = { connect: createConnectTransport, "grpc-web": createGrpcWebTransport };

const form = document.querySelector("form") as HTMLFormElement;
const output = document.querySelector("output") as HTMLOutputElement;

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const fields = new FormData(form);
  const text = (name: string) => String(fields.get(name));
  output.textContent = "calling";
  const createTransport = transports[text("protocol") as keyof typeof transports];
  output.textContent = await call(
    createClient(ContactService, createTransport({ baseUrl: text("address") })),
    { "Server-Key": text("key") },
  );
});

/** Adds a contact, lists the contacts, and sends a request that is not valid. */
async function call(
  client: ReturnType<typeof createClient<typeof ContactService>>,
  headers: Record<string, string>,
): Promise<string> {
  try {
    const pair = { ownerXcUserId: "example-browser", contactXcUserId: "example-bob" };
    await client.syncContacts({ contacts: [pair] }, { headers });
    const { contacts } = await client.listContacts(
      { ownerXcUserId: "example-browser" },
      { headers, timeoutMs: 5_000 },
    );
    const reason = await client.syncContacts({}, { headers }).catch(reasonOf);
    return `contacts: ${contacts.map((contact) => contact.contactXcUserId)}; error: ${reason}`;
  } catch (error) {
    return `failed: ${reasonOf(error)}`;
  }
}

/** The reason that Kith gives for an error. A browser does not say why it has blocked a response. */
function reasonOf(reason: unknown): string {
  const error = ConnectError.from(reason);
  const [info] = error.findDetails(ErrorInfoSchema);
  return info?.reason ?? `${Code[error.code]} ${error.rawMessage}`;
}
