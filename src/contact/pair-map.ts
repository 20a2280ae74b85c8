/** Identifies an owner among the owners of all apps. Ids contain no NUL, so keys are unique. */
export function ownerKey(appId: number, ownerId: string): string {
  return `${appId}\0${ownerId}`;
}

/**
 * Values of pairs, by the key of the owner and then by contact. Most syncs have few owners with many
 * contacts each, and a key for each pair would cost more than all other work on it. If each pair has a
 * different owner, two levels of maps take 1.5 times as long as keys for pairs.
 */
export class PairMap<Value> {
  readonly #owners = new Map<string, Map<string, Value>>();

  get(owner: string, contactId: string): Value | undefined {
    return this.#owners.get(owner)?.get(contactId);
  }

  has(owner: string, contactId: string): boolean {
    return this.#owners.get(owner)?.has(contactId) ?? false;
  }

  set(owner: string, contactId: string, value: Value): void {
    let contacts = this.#owners.get(owner);
    if (contacts === undefined) {
      contacts = new Map();
      this.#owners.set(owner, contacts);
    }
    contacts.set(contactId, value);
  }

  /** Sorted by owner, then by contact. */
  sorted(): Value[] {
    return inOrder(this.#owners).flatMap(inOrder);
  }
}

function inOrder<Value>(map: ReadonlyMap<string, Value>): Value[] {
  return [...map.keys()].sort().map((key) => map.get(key) as Value);
}
