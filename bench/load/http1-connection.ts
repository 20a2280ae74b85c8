import type { Connection, ConnectionOptions } from "./connection.ts";
import type { Expectation } from "./expectation.ts";
import type { Http1Answer } from "./http1-answer.ts";
import { readHttp1Answer } from "./http1-answer.ts";
import type { LoadJob } from "./job.ts";
import { openLeanSocket } from "./socket.ts";

/** REST calls, or unary Connect calls in the binary format, one at a time on one connection. */
export async function openHttp1Connection(options: ConnectionOptions): Promise<Connection> {
  const { job, bodies, expectation, onDone, onLost } = options;
  const head = headOf(job, bodies.length);
  const problemOf = job.protocol === "rest" ? problemOfRest : problemOfConnect;
  let startedAt: number | undefined;

  function onBytes(bytes: Buffer, length: number): number {
    if (startedAt === undefined) throw new Error("the server answers where nothing was asked");
    const answer = readHttp1Answer(bytes, length);
    if (answer === undefined) return 0;
    const at = startedAt;
    startedAt = undefined;
    onDone(at, problemOf(answer, expectation));
    outbox.flush();
    return answer.length;
  }

  const { outbox, close } = await openLeanSocket({ port: job.port, onBytes, onLost });
  return {
    hasRoom: () => startedAt === undefined,
    start(at) {
      startedAt = at;
      const offset = outbox.reserve(head.length + bodies.length);
      outbox.bytes().set(head, offset);
      bodies.write(outbox.bytes(), offset + head.length);
    },
    flush: () => outbox.flush(),
    close,
  };
}

function headOf({ protocol, port, serverKey }: LoadJob, length: number): Buffer {
  const [path, type] =
    protocol === "rest"
      ? ["/v1/server/contact/sync", "application/json"]
      : ["/contact.v1.ContactService/SyncContacts", "application/proto"];
  const lines = [
    `POST ${path} HTTP/1.1`,
    `Host: 127.0.0.1:${port}`,
    `Content-Type: ${type}`,
    `Content-Length: ${length}`,
    ...(serverKey === undefined ? [] : [`Server-Key: ${serverKey}`]),
    ...(protocol === "rest" ? [] : ["Connect-Protocol-Version: 1"]),
  ];
  return Buffer.from(`${lines.join("\r\n")}\r\n\r\n`);
}

function problemOfRest({ status, body }: Http1Answer, expectation: Expectation) {
  if (status !== 200) return `HTTP status ${status}: ${body.toString().slice(0, 200)}`;
  const { data } = JSON.parse(body.toString("latin1")) as { data?: Record<string, unknown> };
  return expectation.check(data?.countInserted, data?.countDeleted);
}

function problemOfConnect({ status, body }: Http1Answer, expectation: Expectation) {
  if (status !== 200) return `HTTP status ${status}: ${body.toString().slice(0, 200)}`;
  return expectation.checkMessage(body, 0, body.length);
}
