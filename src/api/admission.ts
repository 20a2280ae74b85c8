import type { Backlog } from "../contact/backlog.ts";
import { fault } from "../errors.ts";
import { appIdOf } from "./caller.ts";
import type { Interceptor } from "./operation.ts";

export interface AdmissionOptions {
  /** The backlog of each call whose work is limited, by its name, such as `contact.v1.ContactService/SyncContacts`. */
  readonly backlogs: ReadonlyMap<string, Pick<Backlog, "rejects">>;
}

/** Rejects calls that could not be served in time, before their bodies are read. It follows the auth. */
export function createAdmission({ backlogs }: AdmissionOptions): Interceptor {
  return (next) => (call, readMessage) =>
    backlogs.get(call.method)?.rejects(appIdOf(call))
      ? Promise.reject(fault("OVERLOADED"))
      : next(call, readMessage);
}
