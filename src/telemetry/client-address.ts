import type { IncomingHttpHeaders } from "node:http";
import { BlockList, isIP } from "node:net";

export const clientAddressHeaders = ["x-forwarded-for", "forwarded"] as const;

export interface ClientAddressOptions {
  /** The addresses of proxies whose header is believed. Empty: none is. */
  readonly trustedProxies: BlockList;
  /** The header that the proxies set. The other one is ignored, because callers can set it. */
  readonly header: (typeof clientAddressHeaders)[number];
}

/** The address of the client of a request, given the address at the other end of the connection. */
export type ClientAddress = (
  peerAddress: string | undefined,
  headers: IncomingHttpHeaders,
) => string | undefined;

/**
 * Each proxy appends the address that it has received the request from, so the list is read from its end:
 * the client is the last address that is not a trusted proxy. A caller can write only the part before it.
 */
export function createClientAddress(options: ClientAddressOptions): ClientAddress {
  const { trustedProxies, header } = options;

  return (peerAddress, headers) => {
    let client = peerAddress;
    const value = headers[header];
    if (value === undefined || !isTrusted(client, trustedProxies)) return client;
    const hops = (header === "forwarded" ? forwardedFor : forwardedList)(String(value));
    for (const hop of hops.reverse()) {
      // After an entry that is not an address, nothing before it can be believed.
      if (isIP(hop) === 0) break;
      client = hop;
      if (!isTrusted(client, trustedProxies)) break;
    }
    return client;
  };
}

function isTrusted(address: string | undefined, proxies: BlockList): boolean {
  if (address === undefined) return false;
  return proxies.check(address, isIP(address) === 6 ? "ipv6" : "ipv4");
}

function forwardedList(value: string): string[] {
  return value.split(",").map(addressOf);
}

/** The `for` parameter of each element (RFC 7239). */
function forwardedFor(value: string): string[] {
  return value.split(",").map((element) => {
    const [, quoted, token] = /(?:^|;)\s*for=(?:"([^"]*)"|([^;\s]*))/i.exec(element) ?? [];
    return addressOf(quoted ?? token ?? "");
  });
}

/** Without the port, the brackets of an IPv6 address, and its zone, which can have any text. */
function addressOf(node: string): string {
  const text = node.trim().replace(/%[^\]]*/, "");
  const [, ipv6] = /^\[(.*)\](?::\d+)?$/.exec(text) ?? [];
  return ipv6 ?? text.replace(/^(\d+\.\d+\.\d+\.\d+):\d+$/, "$1");
}

/**
 * Parses a list of addresses and networks, such as `10.0.0.0/8, 192.0.2.7`.
 *
 * @returns undefined if an entry is neither
 */
export function parseNetworks(text: string): BlockList | undefined {
  const networks = new BlockList();
  for (const entry of text.split(",").map((each) => each.trim())) {
    const [address = "", prefix, ...rest] = entry.split("/");
    const version = isIP(address);
    const most = version === 6 ? 128 : 32;
    const length = prefix === undefined ? most : Number(prefix);
    if (version === 0 || rest.length > 0 || !/^\d{1,3}$/.test(prefix ?? "0") || length > most) {
      return undefined;
    }
    networks.addSubnet(address, length, version === 6 ? "ipv6" : "ipv4");
  }
  return networks;
}
