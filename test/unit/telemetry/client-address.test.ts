import { expect, test } from "vitest";
import type { ClientAddressOptions } from "../../../src/telemetry/client-address.ts";
import { createClientAddress, parseNetworks } from "../../../src/telemetry/client-address.ts";

function networks(text: string) {
  const parsed = parseNetworks(text);
  if (parsed === undefined) throw new Error(`${text} is not a list of networks`);
  return parsed;
}

function addressOf(
  headers: Record<string, string>,
  options: { peer?: string; trusted?: string; header?: ClientAddressOptions["header"] } = {},
) {
  const { peer = "10.0.0.1", trusted = "10.0.0.0/8, fd00::/8", header } = options;
  const find = createClientAddress({
    trustedProxies: networks(trusted),
    header: header ?? (headers.forwarded === undefined ? "x-forwarded-for" : "forwarded"),
  });
  return find(peer, headers);
}

test("the address of a connection that is no trusted proxy is that of its client", () => {
  expect(addressOf({ "x-forwarded-for": "192.0.2.7" }, { peer: "198.51.100.1" })).toBe(
    "198.51.100.1",
  );
});

test("without the header, the proxy is the client", () => {
  expect(addressOf({})).toBe("10.0.0.1");
});

const forwardedFor: [header: string, client: string][] = [
  ["192.0.2.7", "192.0.2.7"],
  ["192.0.2.7, 10.0.0.2", "192.0.2.7"],
  ["203.0.113.9, 192.0.2.7, 10.0.0.2, 10.0.0.3", "192.0.2.7"],
  ["10.0.0.5, 10.0.0.2", "10.0.0.5"],
  ["192.0.2.7:4711", "192.0.2.7"],
  ["[2001:db8::1]:4711", "2001:db8::1"],
  ["2001:db8::1%eth0", "2001:db8::1"],
  ["192.0.2.7, hidden", "10.0.0.1"],
  ["192.0.2.7,", "10.0.0.1"],
  ["", "10.0.0.1"],
  ["hunter2\u001b[2J", "10.0.0.1"],
];

test.each(forwardedFor)("the client of X-Forwarded-For: %j is %s", (value, client) => {
  expect(addressOf({ "x-forwarded-for": value })).toBe(client);
});

const forwarded: [header: string, client: string][] = [
  ["for=192.0.2.7", "192.0.2.7"],
  ['proto=https;For="[2001:db8::1]:4711";by=10.0.0.1', "2001:db8::1"],
  ["for=203.0.113.9, for=192.0.2.7;proto=http, for=10.0.0.2", "192.0.2.7"],
  ["for=unknown", "10.0.0.1"],
  ["for=_hidden, for=10.0.0.2", "10.0.0.2"],
  ["proto=https", "10.0.0.1"],
];

test.each(forwarded)("the client of Forwarded: %j is %s", (value, client) => {
  expect(addressOf({ forwarded: value })).toBe(client);
});

test("only the header that the proxies set is read", () => {
  const headers = { "x-forwarded-for": "192.0.2.7", forwarded: "for=203.0.113.9" };
  expect(addressOf(headers, { header: "x-forwarded-for" })).toBe("192.0.2.7");
  expect(addressOf(headers, { header: "forwarded" })).toBe("203.0.113.9");
});

test("an IPv4 proxy on an IPv6 socket is trusted", () => {
  expect(addressOf({ "x-forwarded-for": "192.0.2.7" }, { peer: "::ffff:10.0.0.1" })).toBe(
    "192.0.2.7",
  );
});

test("a single address can be trusted", () => {
  const options = { peer: "fd00::1", trusted: "fd00::1" };
  expect(addressOf({ "x-forwarded-for": "192.0.2.7" }, options)).toBe("192.0.2.7");
});

test.each(["x", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/8/8", "fd00::/129", "10.0.0.1,", "1", "/8"])(
  "%j is not a list of networks",
  (text) => {
    expect(parseNetworks(text)).toBeUndefined();
  },
);
