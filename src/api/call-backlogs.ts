import type { Backlog } from "../contact/backlog.ts";
import type { Backlogs, WorkKind } from "../contact/backlogs.ts";
import { ContactService } from "../gen/contact/v1/contact_service_pb.ts";
import { nameOf } from "./operation.ts";

/** An erasure is a sequence of small steps, each with limits of its own. */
const kinds: Readonly<Record<keyof typeof ContactService.method, WorkKind | undefined>> = {
  syncContacts: "syncs",
  listContacts: "reads",
  listContactOwners: "reads",
  checkContacts: "reads",
  listMutualContacts: "long-reads",
  countContacts: "long-reads",
  fingerprintContacts: "long-reads",
  replaceContacts: "replacements",
  eraseUser: undefined,
};

/** The backlog of each call, by the name of its method. */
export function callBacklogs(backlogs: Backlogs): ReadonlyMap<string, Backlog> {
  return new Map(
    ContactService.methods.flatMap((method) => {
      const kind = kinds[method.localName as keyof typeof kinds];
      return kind === undefined ? [] : [[nameOf(method), backlogs[kind]] as const];
    }),
  );
}
