import type { Variable } from "./variable.ts";
import { notWhole } from "./variable.ts";

/** The variables of limits and timeouts. */
export const limitsVariables: readonly Variable[] = [
  {
    name: "MAX_CONTACTS_PER_REQUEST",
    property: "maxContactsPerRequest",
    fallback: 10_000,
    good: [
      ["1", 1],
      ["10000", 10_000],
    ],
    bad: [...notWhole, "0", "10001"],
    allowed: "a whole number from 1 to 10000",
  },
  {
    name: "MAX_BODY_BYTES",
    property: "maxBodyBytes",
    fallback: 8_388_608,
    good: [
      ["1024", 1_024],
      ["1073741824", 1_073_741_824],
    ],
    bad: [...notWhole, "0", "1023", "1073741825"],
    allowed: "a whole number from 1024 to 1073741824",
  },
  {
    name: "RATE_LIMIT_CONTACTS_PER_SECOND",
    property: "rateLimit",
    fallback: undefined,
    good: [
      ["1", { contactsPerSecond: 1, burst: 1 }],
      ["1000000000", { contactsPerSecond: 1_000_000_000, burst: 1_000_000_000 }],
    ],
    bad: [...notWhole, "0", "1000000001"],
    allowed: "a whole number from 1 to 1000000000",
  },
  {
    name: "REQUEST_TIMEOUT_MS",
    property: "requestTimeoutMs",
    fallback: 10_000,
    good: [
      ["1", 1],
      ["3600000", 3_600_000],
    ],
    bad: [...notWhole, "0", "3600001"],
    allowed: "a whole number from 1 to 3600000",
  },
  {
    name: "KEEP_ALIVE_TIMEOUT_MS",
    property: "keepAliveTimeoutMs",
    fallback: 75_000,
    good: [
      ["1", 1],
      ["3600000", 3_600_000],
    ],
    bad: [...notWhole, "0", "3600001"],
    allowed: "a whole number from 1 to 3600000",
  },
  {
    name: "DRAIN_DELAY_MS",
    property: "drainDelayMs",
    fallback: 0,
    good: [
      ["0", 0],
      ["3600000", 3_600_000],
    ],
    bad: [...notWhole, "3600001"],
    allowed: "a whole number from 0 to 3600000",
  },
  {
    name: "SHUTDOWN_TIMEOUT_MS",
    property: "shutdownTimeoutMs",
    fallback: 10_000,
    good: [
      ["0", 0],
      ["3600000", 3_600_000],
    ],
    bad: [...notWhole, "3600001"],
    allowed: "a whole number from 0 to 3600000",
  },
];
