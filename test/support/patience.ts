/**
 * Longest wait for a condition, in milliseconds. It only ends a wait in vain: no test may depend on how
 * fast the machine is.
 */
export const patienceMs = 180_000;
