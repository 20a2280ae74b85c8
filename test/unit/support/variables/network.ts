import type { Variable } from "./variable.ts";
import { notWhole } from "./variable.ts";

/** The variables of the network. */
export const networkVariables: readonly Variable[] = [
  {
    name: "HOST",
    property: "host",
    fallback: "127.0.0.1",
    good: [
      ["0.0.0.0", "0.0.0.0"],
      ["::", "::"],
      ["localhost", "localhost"],
    ],
    bad: [],
    allowed: "",
  },
  {
    name: "PORT",
    property: "port",
    fallback: 8080,
    good: [
      ["0", 0],
      ["1", 1],
      ["65535", 65_535],
      ["0080", 80],
    ],
    bad: [...notWhole, "65536", "99999999999999999999"],
    allowed: "a whole number from 0 to 65535",
  },
  ...["TLS_CERT_FILE", "TLS_KEY_FILE", "TLS_CLIENT_CA_FILE"].map(
    (name): Variable => ({
      name,
      property: "tls",
      fallback: undefined,
      // test/unit/tls has the other tests.
      good: [],
      bad: [],
      allowed: "",
    }),
  ),
  {
    name: "CORS_ORIGINS",
    property: "corsOrigins",
    fallback: undefined,
    good: [
      ["*", "*"],
      ["https://app.example.com", ["https://app.example.com"]],
      ["http://localhost:3000, https://a.example", ["http://localhost:3000", "https://a.example"]],
    ],
    bad: [
      ...["app.example.com", "https://app.example.com/", "https://app.example.com/path", "null"],
      ...["https://*.example.com/", "ftp://a.example", "https://a.example,", "https://A.example"],
      ...["https://a.example:443", "*,https://a.example", "https://u:p@a.example"],
    ],
    allowed: "* or origins such as https://app.example.com, separated by commas",
  },
  {
    name: "TRUST_PROXY",
    property: "trustedProxies",
    fallback: undefined,
    // test/unit/telemetry/client-address.test.ts has the other tests.
    good: [],
    bad: ["true", "1", "10.0.0.0/33", "localhost"],
    allowed: "a list of IP addresses and networks, such as 10.0.0.0/8, 192.0.2.7",
  },
  {
    name: "CLIENT_ADDRESS_HEADER",
    property: "clientAddressHeader",
    fallback: "x-forwarded-for",
    good: [
      ["x-forwarded-for", "x-forwarded-for"],
      ["forwarded", "forwarded"],
    ],
    bad: ["X-Real-IP", "x-real-ip"],
    allowed: "one of x-forwarded-for, forwarded",
  },
];
