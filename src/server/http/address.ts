/** The caller's network address: the peer's, or the one that a trusted proxy forwards. */
import type { IncomingMessage } from 'node:http';
import { BlockList, isIP } from 'node:net';

/** A predicate: is the address in one of these networks? */
export function within(cidrs: readonly string[]): (address: string) => boolean {
  const networks = new BlockList();
  for (const cidr of cidrs) {
    const [network = '', prefix = ''] = cidr.split('/');
    networks.addSubnet(network, Number(prefix), isIP(network) === 6 ? 'ipv6' : 'ipv4');
  }
  return (address) => isIP(address) !== 0 && networks.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
}

/** The address of the TCP peer, without regard to headers. */
export const peerOf = ({ socket }: Pick<IncomingMessage, 'socket'>): string =>
  (socket.remoteAddress ?? '').replace(mappedPrefix, '');

/** @param cidrs proxies whose X-Forwarded-For is trusted; for any other peer, the peer's address is the caller's */
export function addressReader(cidrs: readonly string[]): (request: IncomingMessage) => string {
  if (cidrs.length === 0) return peerOf;
  const isTrusted = within(cidrs);
  return (request) => {
    let address = peerOf(request);
    // From the nearest hop outwards, the first address that is not a trusted proxy is the caller's. The caller can
    // forge every entry to the left of it.
    const hops = String(request.headers['x-forwarded-for'] ?? '').split(',');
    while (isTrusted(address)) {
      const hop = addressIn(hops.pop()?.trim() ?? '');
      if (isIP(hop) === 0) break;
      address = hop;
    }
    return address;
  };
}

/** Without the port and the brackets that some proxies write, Azure Application Gateway among them. */
function addressIn(hop: string): string {
  const [, v6, v4] = /^"?(?:\[([\da-f:.]+)\]|([\d.]+))(?::\d+)?"?$/i.exec(hop) ?? [];
  return (v6 ?? v4 ?? hop).replace(mappedPrefix, '');
}

/** Of an IPv4-mapped IPv6 address, as an IPv6 socket reports it. Without this prefix, an address has one spelling. */
const mappedPrefix = /^::ffff:(?=\d+\.)/;
