import { Fault } from "../../../src/errors.ts";

/** The reason of the fault that the work returns, throws, or rejects with, or "accepted". Rethrows other errors. */
export async function reasonOf(work: () => unknown): Promise<string> {
  try {
    const result = await work();
    return result instanceof Fault ? result.reason : "accepted";
  } catch (error) {
    if (error instanceof Fault) return error.reason;
    throw error;
  }
}
