/** Identifies an owner among those of all apps. NUL cannot be part of an id, so no two share a key. */
export function ownerKey(appId: number, ownerId: string): string {
  return `${appId}\0${ownerId}`;
}

/**
 * Values of pairs, by the key of the owner and then by contact: mostly a sync names few owners
 * with many contacts each, and a key for each pair would cost more than all else that is done with it.
 * Where each pair has an owner of its own, the two maps take half as long again as such keys would.
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

  /** In the order of their owners, then of their contacts. */
  sorted(): Value[] {
    return inOrder(this.#owners).flatMap(inOrder);
  }
}

function inOrder<Value>(map: ReadonlyMap<string, Value>): Value[] {
  return [...map.keys()].sort().map((key) => map.get(key) as Value);
}
