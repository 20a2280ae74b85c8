import { fault } from "../errors.ts";
import { appIdOf } from "./caller.ts";
import type { Interceptor } from "./operation.ts";

export interface AdmissionOptions {
  /** The calls whose work is limited, such as `contact.v1.ContactService/SyncContacts`. */
  readonly methods: ReadonlySet<string>;
  /** Whether an app has so much pending that no more of it can be done in time. */
  readonly isFull: (appId: number) => boolean;
}

/** Rejects calls that could not be served in time, before their bodies are read. It follows the auth. */
export function createAdmission({ methods, isFull }: AdmissionOptions): Interceptor {
  return (next) => (call, readMessage) =>
    methods.has(call.method) && isFull(appIdOf(call))
      ? Promise.reject(fault("OVERLOADED"))
      : next(call, readMessage);
}
