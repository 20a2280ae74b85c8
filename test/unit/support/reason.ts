import { Fault } from "../../../src/errors.ts";

/** The reason of the fault that the work throws or rejects with, or "accepted". Rethrows other errors. */
export async function reasonOf(work: () => unknown): Promise<string> {
  try {
    await work();
    return "accepted";
  } catch (error) {
    if (error instanceof Fault) return error.reason;
    throw error;
  }
}
