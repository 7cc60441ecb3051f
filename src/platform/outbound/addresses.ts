/** Which addresses a URL from outside may lead to: public ones, and the networks that the operator names. */
import { BlockList, isIP } from 'node:net';

/** Whether a connection to this address is allowed. */
export type Permits = (address: string) => boolean;

/**
 * What is not on the public Internet (IANA's registries of special-purpose addresses). BlockList holds an IPv4 rule
 * against the IPv4-mapped form of IPv6 as well.
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

/** Inside 2000::/3, the one block of IPv6 that is given out. 2001::/23 has Teredo, 2002::/16 is 6to4: IPv4 in disguise. */
const special6 = ['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20'];
const given6 = ['2000::/3'];

/** @param allowed networks in CIDR form that are reached all the same */
export function permitsIn(allowed: readonly string[]): Permits {
  const [named, blocked, given] = [listOf(allowed), listOf([...special4, ...special6]), listOf(given6)];
  return (address) => {
    const family = isIP(address);
    if (family === 0) return false;
    const type = family === 4 ? 'ipv4' : 'ipv6';
    if (named.check(address, type)) return true;
    return !blocked.check(address, type) && (family === 4 || given.check(address, type));
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
