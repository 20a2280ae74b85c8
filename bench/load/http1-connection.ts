import { calls } from "./calls.ts";
import type { Connection, ConnectionOptions } from "./connection.ts";
import type { Http1Answer } from "./http1-answer.ts";
import { readHttp1Answer } from "./http1-answer.ts";
import type { LoadJob } from "./job.ts";
import type { Request } from "./requests.ts";
import { openLeanSocket } from "./socket.ts";

/** REST calls, or unary Connect calls in the binary format, one at a time on one connection. */
export async function openHttp1Connection(options: ConnectionOptions): Promise<Connection> {
  const { job, requests, onDone, onLost } = options;
  const heads = new Map<number, Buffer>();
  const problemOf = job.protocol === "rest" ? problemOfRest : problemOfConnect;
  let open: { readonly at: number; readonly request: Request } | undefined;

  function headFor({ length }: Request): Buffer {
    const head = heads.get(length) ?? headOf(job, length);
    heads.set(length, head);
    return head;
  }

  function onBytes(bytes: Buffer, length: number): number {
    if (open === undefined) throw new Error("the server answers where nothing was asked");
    const answer = readHttp1Answer(bytes, length);
    if (answer === undefined) return 0;
    const { at, request } = open;
    open = undefined;
    onDone(at, problemOf(answer, request));
    outbox.flush();
    return answer.length;
  }

  const { outbox, close } = await openLeanSocket({ port: job.port, onBytes, onLost });
  return {
    hasRoom: () => open === undefined,
    start(at) {
      const request = requests.next();
      open = { at, request };
      const head = headFor(request);
      const offset = outbox.reserve(head.length + request.length);
      outbox.bytes().set(head, offset);
      request.write(outbox.bytes(), offset + head.length);
    },
    flush: () => outbox.flush(),
    close,
  };
}

function headOf({ call, protocol, port, serverKey }: LoadJob, length: number): Buffer {
  const [path, type] =
    protocol === "rest"
      ? [calls[call].restPath, "application/json"]
      : [calls[call].rpcPath, "application/proto"];
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

function problemOfRest({ status, body }: Http1Answer, request: Request) {
  if (status !== 200) return `HTTP status ${status}: ${body.toString().slice(0, 200)}`;
  const { data } = JSON.parse(body.toString("latin1")) as { data?: Record<string, unknown> };
  return request.checkData(data);
}

function problemOfConnect({ status, body }: Http1Answer, request: Request) {
  if (status !== 200) return `HTTP status ${status}: ${body.toString().slice(0, 200)}`;
  return request.checkMessage(body, 0, body.length);
}
