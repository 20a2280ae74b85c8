import type { Step } from "./serializability.ts";

/**
 * A call on the three pairs of a history. Two are in the list of one owner, the third one is in the list of
 * another. Pairs are numbers from 0 to 2.
 */
export type Call =
  | { readonly kind: "sync"; readonly add: readonly number[]; readonly remove: readonly number[] }
  | { readonly kind: "replace"; readonly contacts: readonly number[] }
  | { readonly kind: "check" };

export const pairCount = 3;
/** The pairs of the list that a replacement replaces. */
const replaced = [0, 1];

/** The effect of the call on a set of pairs, and its result in the form of `resultOf`. */
export function stepOf(call: Call): Step {
  if (call.kind === "check") {
    return (pairs) => ({ pairs, result: words(all.map((pair) => has(pairs, pair))) });
  }
  const add = call.kind === "sync" ? call.add : call.contacts;
  const remove =
    call.kind === "sync" ? call.remove : replaced.filter((pair) => !call.contacts.includes(pair));
  return (before) => {
    const inserted = add.filter((pair) => !has(before, pair));
    const between = inserted.reduce((pairs, pair) => pairs | (1 << pair), before);
    const deleted = remove.filter((pair) => has(between, pair));
    const pairs = deleted.reduce((left, pair) => left & ~(1 << pair), between);
    const counts = [inserted.length, deleted.length];
    if (call.kind === "replace") return { pairs, result: words(counts) };
    const outcomes = [
      ...add.map((pair) => (has(before, pair) ? "EXISTED" : "INSERTED")),
      ...remove.map((pair) => (has(between, pair) ? "DELETED" : "MISSING")),
    ];
    return { pairs, result: words([...counts, ...outcomes]) };
  };
}

/** The data of a successful REST response. */
export interface ResponseData {
  readonly countInserted?: number;
  readonly countDeleted?: number;
  readonly outcomes?: readonly string[];
  readonly results?: readonly { readonly isContact: boolean }[];
}

export function resultOf(call: Call, data: ResponseData): string {
  return call.kind === "check"
    ? words((data.results ?? []).map(({ isContact }) => isContact))
    : words([data.countInserted, data.countDeleted, ...(data.outcomes ?? [])]);
}

/** Path and body of the call over REST. */
export function requestOf(call: Call, history: string) {
  if (call.kind === "check") return { path: "check", body: { pairs: all.map(nameOf) } };
  if (call.kind === "replace") {
    const contactXCUserIDs = call.contacts.map((pair) => nameOf(pair).contactXCUserID);
    return { path: "replace", body: { ownerXCUserID: nameOf(0).ownerXCUserID, contactXCUserIDs } };
  }
  const removals = call.remove.map((pair) => ({ ...nameOf(pair), isDeleted: true }));
  const contacts = [...call.add.map(nameOf), ...removals];
  return { path: "sync", body: { contacts, returnOutcomes: true } };

  function nameOf(pair: number) {
    const { owner, contact } = idsOf(pair, history);
    return { ownerXCUserID: owner, contactXCUserID: contact };
  }
}

/** The ids of a pair of the history. */
export function idsOf(pair: number, history: string) {
  return { owner: `${history} ${replaced.includes(pair) ? "one" : "other"}`, contact: `c${pair}` };
}

/** Whether both calls change one of the same pairs. */
export function shareAPair(one: Call, other: Call): boolean {
  return changedBy(one).some((pair) => changedBy(other).includes(pair));
}

/** Which pairs a call can change. */
function changedBy(call: Call): readonly number[] {
  if (call.kind === "check") return [];
  return call.kind === "replace" ? replaced : [...call.add, ...call.remove];
}

/** A call at random. A sync has at least one entry. */
export function anyCall(): Call {
  const choice = Math.random();
  if (choice < 0.25) return { kind: "check" };
  if (choice < 0.35) return { kind: "replace", contacts: some(replaced, 0.5) };
  if (choice < 0.6) return { kind: "sync", add: atLeastOne(), remove: [] };
  if (choice < 0.85) return { kind: "sync", add: [], remove: atLeastOne() };
  return { kind: "sync", add: atLeastOne(), remove: some(all, 0.5) };
}

/** A sync that adds some pairs. */
export function firstCall(): Call {
  return { kind: "sync", add: atLeastOne(), remove: [] };
}

/** Each of the pairs with this probability. */
function some(pairs: readonly number[], probability: number): readonly number[] {
  return pairs.filter(() => Math.random() < probability);
}

function atLeastOne(): readonly number[] {
  const chosen = some(all, 0.6);
  return chosen.length === 0 ? all : chosen;
}

const all = Array.from({ length: pairCount }, (_, pair) => pair);

function has(pairs: number, pair: number): boolean {
  return ((pairs >> pair) & 1) === 1;
}

function words(values: readonly unknown[]): string {
  return values.join(" ");
}
