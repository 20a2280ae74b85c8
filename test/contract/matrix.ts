import { inject } from "vitest";

export type CasesByTopic<Case> = Readonly<Record<string, readonly Case[]>>;

/** A case and one protocol that it runs over. */
export interface MatrixCell<Case> {
  readonly topic: string;
  readonly testCase: Case;
  readonly protocol: string;
}

/** The protocols over which `npm test` runs every case. */
const always: readonly string[] = ["gRPC, by grpc-js", "REST over HTTP/1.1"];

/**
 * The cells of the matrix of cases and protocols that this run covers. `npm test` runs every case over
 * gRPC and over REST on HTTP/1.1, and a fixed sample over the other protocols. `npm run test:matrix`
 * runs the rest.
 *
 * The protocols are REST over HTTP/1.1 and HTTP/2 (`restVersions` in `http.ts`), and gRPC, gRPC-Web and
 * Connect (`rpcClients` in `test/support/clients.ts`). The fast path serves gRPC in protobuf. The Connect
 * adapter serves gRPC in JSON, gRPC-Web and Connect, and gRPC with an unusual content type, over HTTP/1.1, or
 * with `Expect`: `fast-path.test.ts` compares it with the fast path.
 *
 * @param protocols names of the protocols that can run these cases
 */
export function cellsOf<Case>(
  cases: CasesByTopic<Case>,
  protocols: readonly string[],
  part = inject("matrix"),
): MatrixCell<Case>[] {
  const others = protocols.filter((name) => !always.includes(name));
  return Object.entries(cases).flatMap(([topic, list]) =>
    list.flatMap((testCase, index) => {
      const inSample = [...always, ...sampleOf(others, index, list.length)];
      return protocols
        .filter((protocol) => inSample.includes(protocol) === (part === "sample"))
        .map((protocol) => ({ topic, testCase, protocol }));
    }),
  );
}

/** The cases of each topic that match. */
export function filterCases<Case>(
  cases: CasesByTopic<Case>,
  matches: (testCase: Case) => boolean,
): CasesByTopic<Case> {
  return Object.fromEntries(
    Object.entries(cases).map(([topic, list]) => [topic, list.filter(matches)]),
  );
}

/**
 * The protocols that sample a case. They rotate from case to case of a topic: every case runs over at
 * least one of them, and every one of them runs a case of the topic.
 */
export function sampleOf(protocols: readonly string[], index: number, count: number): string[] {
  const perCase = Math.ceil(protocols.length / count);
  const first = (index * perCase) % protocols.length;
  return [...protocols, ...protocols].slice(first, first + perCase);
}
