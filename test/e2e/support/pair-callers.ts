import { setTimeout as sleep } from "node:timers/promises";
import type { Target } from "./calls.ts";
import { entry } from "./calls.ts";

/** Callers who each change a pair of their own, so that they know what the service must say about it. */
export interface PairCallers {
  /** Syncs that were answered with success so far. */
  successes(): number;
  /** Syncs whose outcome is open: they failed, or had no answer. */
  failures(): number;
  /** What contradicts the answers with success. */
  readonly violations: readonly string[];
  /** Ends the callers. Returns the contact of each caller that must be in the table. */
  stop(): Promise<readonly string[]>;
}

export const callerOwner = "callers";

/**
 * Starts callers. Each adds and removes its pair in turns, and then checks it. The answer to a sync with
 * success fixes the pair: a lost change, or an earlier sync that has failed and takes effect late, is a
 * violation.
 */
export function startPairCallers(targets: readonly Target[], callers: number): PairCallers {
  const violations: string[] = [];
  let [successes, failures, isStopped] = [0, 0, false];

  async function run(caller: number): Promise<string | undefined> {
    const contact = `c${caller}`;
    /** Undefined after a failure. */
    let isContact: boolean | undefined = false;
    const isEqual = (answer: unknown, expected: unknown, what: string) => {
      if (answer === expected) return;
      violations.push(`${contact}, ${what}: ${answer}, not ${expected}`);
    };
    for (let turn = 0; !isStopped || isContact === undefined; turn++) {
      const target = targets[turn % targets.length] as Target;
      const adds = turn % 4 < 2;
      const sync = await post(target, "sync", { contacts: [entry(callerOwner, contact, !adds)] });
      if (sync === undefined) {
        failures += 1;
        isContact = undefined;
        await sleep(10);
        continue;
      }
      successes += 1;
      const changes = Number(sync.countInserted) + Number(sync.countDeleted);
      if (isContact !== undefined) isEqual(changes, isContact === adds ? 0 : 1, "changes");
      isContact = adds;
      const pairs = [{ ownerXCUserID: callerOwner, contactXCUserID: contact }];
      const check = await post(target, "check", { pairs });
      const results = check?.results as readonly { readonly isContact: boolean }[] | undefined;
      if (results !== undefined) isEqual(results[0]?.isContact, isContact, "check");
    }
    return isContact ? contact : undefined;
  }

  const done = Promise.all(Array.from({ length: callers }, (_, caller) => run(caller)));
  return {
    successes: () => successes,
    failures: () => failures,
    violations,
    async stop() {
      isStopped = true;
      return (await done).filter((contact) => contact !== undefined).toSorted();
    },
  };
}

/** @returns the data of a response with success; undefined if the call failed */
async function post(
  { url, header }: Target,
  call: string,
  body: unknown,
): Promise<Record<string, unknown> | undefined> {
  try {
    const response = await fetch(`${url}/v1/server/contact/${call}`, {
      method: "POST",
      headers: { "Server-Key": header, "Content-Type": "application/json" },
      body: JSON.stringify(body),
    });
    const { data } = (await response.json()) as { data: Record<string, unknown> };
    return response.ok ? data : undefined;
  } catch {
    return undefined;
  }
}
