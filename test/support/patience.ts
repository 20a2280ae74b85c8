/**
 * The longest wait for a condition, in milliseconds. It only ends a wait that has failed, because no test may
 * depend on the speed of the machine.
 */
export const patienceMs = 180_000;
