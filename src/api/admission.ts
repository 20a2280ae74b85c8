import type { Backlog } from "../contact/backlog.ts";
import { fault } from "../errors.ts";
import { appIdOf } from "./caller.ts";
import type { Interceptor } from "./operation.ts";

const overloaded = fault("OVERLOADED");

export interface AdmissionOptions {
  /** The backlog of each call whose work is limited, by its name, such as `contact.v1.ContactService/SyncContacts`. */
  readonly backlogs: ReadonlyMap<string, Pick<Backlog, "rejects">>;
}

/**
 * Rejects calls that could not be served in time, before their bodies are read. It follows the auth. Large bodies
 * wait for memory and for their turn, so their calls are checked again before they are decoded.
 */
export function createAdmission({ backlogs }: AdmissionOptions): Interceptor {
  return (next) => (call, readMessage) => {
    const backlog = backlogs.get(call.method);
    if (backlog === undefined) return next(call, readMessage);
    const appId = appIdOf(call);
    if (backlog.rejects(appId)) return overloaded;
    return next(call, () =>
      readMessage(() => {
        if (backlog.rejects(appId)) throw overloaded;
      }),
    );
  };
}
