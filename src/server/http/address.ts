/** Who is calling: the peer, or whom a trusted proxy says it speaks for. */
import type { IncomingMessage } from 'node:http';
import { BlockList, isIP } from 'node:net';

/** Whether an address is in one of these networks. */
export function within(cidrs: readonly string[]): (address: string) => boolean {
  const networks = new BlockList();
  for (const cidr of cidrs) {
    const [network = '', prefix = ''] = cidr.split('/');
    networks.addSubnet(network, Number(prefix), isIP(network) === 6 ? 'ipv6' : 'ipv4');
  }
  return (address) => isIP(address) !== 0 && networks.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
}

/** The other end of the connection, whatever a header says. */
export const peerOf = ({ socket }: IncomingMessage): string => plain(socket.remoteAddress ?? '');

/** `cidrs` are the proxies whose X-Forwarded-For is believed; with none of them the peer's own address counts. */
export function addressReader(cidrs: readonly string[]): (request: IncomingMessage) => string {
  const isTrusted = within(cidrs);
  return (request) => {
    let address = peerOf(request);
    // From the nearest hop outwards: the first one that is no trusted proxy is the caller. What stands before it,
    // anybody can have written.
    const hops = String(request.headers['x-forwarded-for'] ?? '')
      .split(',')
      .map((hop) => plain(hop.trim()));
    while (isTrusted(address)) {
      const hop = hops.pop();
      if (!hop || isIP(hop) === 0) break;
      address = hop;
    }
    return address;
  };
}

/** One spelling per address: an IPv4 address that came in over an IPv6 socket is still the IPv4 address. */
const plain = (address: string): string => address.replace(/^::ffff:(?=\d+\.)/, '');
