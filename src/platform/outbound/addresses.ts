/** Addresses that a URL from outside may resolve to: public ones, and networks that the operator allows. */
import { BlockList, isIP } from 'node:net';

/** Whether a connection to this address is allowed. */
export type AddressFilter = (address: string) => boolean;

/**
 * Addresses that are not on the public Internet (IANA's registries of special-purpose addresses). BlockList applies IPv4
 * rules to IPv4-mapped IPv6 addresses too.
 */
const special4 = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/3',
];

/** Within 2000::/3, the only allocated IPv6 block. 2001::/23 includes Teredo and 2002::/16 is 6to4, which embed IPv4 addresses. */
const special6 = ['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20'];
const allocated6 = ['2000::/3'];

/** @param allowed networks in CIDR notation that are allowed in addition */
export function addressFilterFor(allowed: readonly string[]): AddressFilter {
  const [allowedList, blocked, allocated] = [
    listOf(allowed),
    listOf([...special4, ...special6]),
    listOf(allocated6),
  ];
  return (address) => {
    const family = isIP(address);
    if (family === 0) return false;
    const type = family === 4 ? 'ipv4' : 'ipv6';
    if (allowedList.check(address, type)) return true;
    return !blocked.check(address, type) && (family === 4 || allocated.check(address, type));
  };
}

function listOf(networks: readonly string[]): BlockList {
  const list = new BlockList();
  for (const network of networks) {
    const [address = '', prefix] = network.split('/');
    list.addSubnet(address, Number(prefix), isIP(address) === 4 ? 'ipv4' : 'ipv6');
  }
  return list;
}
