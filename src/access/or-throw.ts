import { Fault } from "../errors.ts";

/**
 * For a result that may be a fault. What rejects calls often returns its faults, because to throw takes longer.
 *
 * @throws the result if it is a fault
 */
export function orThrow<T>(result: T | Fault): T {
  if (result instanceof Fault) throw result;
  return result;
}
