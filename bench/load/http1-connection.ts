import { calls } from "./calls.ts";
import type { CallTimes, Connection, ConnectionOptions } from "./connection.ts";
import type { Http1Answer } from "./http1-answer.ts";
import { readHttp1Answer } from "./http1-answer.ts";
import type { LoadJob } from "./job.ts";
import type { Problem } from "./problem.ts";
import { failed, wrongIf } from "./problem.ts";
import type { Request } from "./requests.ts";
import { openLoadSocket } from "./socket.ts";

/** Opens an HTTP/1.1 connection for REST calls, or for unary Connect calls in the binary format. */
export async function openHttp1Connection(options: ConnectionOptions): Promise<Connection> {
  const { job, port, requests, onDone, onLost } = options;
  const heads = new Map<number, Buffer>();
  const problemOf = job.protocol === "rest" ? problemOfRest : problemOfConnect;
  let open: { readonly times: CallTimes; readonly request: Request } | undefined;

  function headFor({ length }: Request): Buffer {
    const head = heads.get(length) ?? headOf(job, port, length);
    heads.set(length, head);
    return head;
  }

  function onBytes(bytes: Buffer, length: number): number {
    if (open === undefined) throw new Error("the server sent an answer without a request");
    const answer = readHttp1Answer(bytes, length);
    if (answer === undefined) return 0;
    const { times, request } = open;
    open = undefined;
    onDone(times, problemOf(answer, request));
    outbox.flush();
    return answer.length;
  }

  const { outbox, close } = await openLoadSocket({ port, onBytes, onLost });
  return {
    hasRoom: () => open === undefined,
    start(times) {
      const request = requests.next();
      open = { times, request };
      const head = headFor(request);
      if (request.fixed !== undefined) {
        outbox.bytes().set(head, outbox.reserve(head.length));
        outbox.send(request.fixed);
        return;
      }
      const offset = outbox.reserve(head.length + request.length);
      outbox.bytes().set(head, offset);
      request.write(outbox.bytes(), offset + head.length);
    },
    flush: () => outbox.flush(),
    close,
  };
}

function headOf({ call, protocol, serverKey }: LoadJob, port: number, length: number): Buffer {
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

function problemOfRest(answer: Http1Answer, request: Request): Problem | undefined {
  if (answer.status !== 200) return failedWith(answer);
  const text = answer.body.toString("latin1");
  const { data } = JSON.parse(text) as { data?: Record<string, unknown> };
  return wrongIf(request.checkData(data));
}

function problemOfConnect(answer: Http1Answer, request: Request): Problem | undefined {
  if (answer.status !== 200) return failedWith(answer);
  return wrongIf(request.checkMessage(answer.body, 0, answer.body.length));
}

function failedWith({ status, body }: Http1Answer): Problem {
  return failed(`HTTP status ${status}: ${body.toString().slice(0, 200)}`, String(status));
}
