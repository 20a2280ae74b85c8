import type { X509Certificate } from "node:crypto";

/** The part of a certificate's life that is left when the service begins to warn. */
const lastPart = 0.1;

/** What is wrong with the dates of a certificate; undefined if nothing is. */
export function expiryProblem(
  { validFromDate, validToDate }: X509Certificate,
  now = Date.now(),
): string | undefined {
  const from = validFromDate.getTime();
  const to = validToDate.getTime();
  if (now < from) return "is not valid yet";
  if (now >= to) return "has expired";
  return to - now < (to - from) * lastPart ? "expires soon" : undefined;
}
