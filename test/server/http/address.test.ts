/** Whose address a request has behind a proxy. */
import type { IncomingMessage } from 'node:http';
import { expect, test } from '@jest/globals';
import { addressReader } from '../../../src/server/http/address.ts';

const read = addressReader(['10.0.0.0/8', '2001:db8:a::/48']);
const addressOf = (forwarded: string | undefined, peer = '10.0.0.1') =>
  read({
    socket: { remoteAddress: peer },
    headers: forwarded === undefined ? {} : { 'x-forwarded-for': forwarded },
  } as unknown as IncomingMessage);

test.each([
  ['an address', '198.51.100.9'],
  ['an IPv6 address', '2001:db8::9'],
  ['the last address of a list, however many a caller put before it', '192.0.2.1, 198.51.100.9'],
  ['the last address that is not a proxy’s', '192.0.2.1, 198.51.100.9, 10.1.1.1'],
  ['an address with a port, as Azure Application Gateway writes it', '198.51.100.9:50001'],
  ['an IPv6 address with a port', '[2001:db8::9]:443'],
  ['an IPv6 address in brackets', '[2001:db8::9]'],
  ['a quoted address', '"[2001:db8::9]:443"'],
  ['an IPv4-mapped address', '::ffff:198.51.100.9'],
  ['an IPv4-mapped address with a port', '[::ffff:198.51.100.9]:443'],
  ['a proxy’s address with a port', '198.51.100.9, 10.1.1.1:8080'],
])('%s is the caller’s', (_, forwarded) => {
  expect(addressOf(forwarded)).toBe(forwarded.includes('2001') ? '2001:db8::9' : '198.51.100.9');
});

test.each([
  ['no header', undefined],
  ['a name', 'caller.example'],
  ['an unknown caller', 'unknown'],
  ['a port alone', ':443'],
  ['an address with a port that is none', '198.51.100.9:https'],
  ['brackets around IPv4 and a name', '[caller.example]:1'],
])('with %s, the proxy’s address counts', (_, forwarded) => {
  expect(addressOf(forwarded)).toBe('10.0.0.1');
});

test('a peer that is no proxy is the caller, whatever it forwards', () => {
  expect(addressOf('192.0.2.1:80', '203.0.113.5')).toBe('203.0.113.5');
});
