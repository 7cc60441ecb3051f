import { describe, expect, test } from '@jest/globals';
import {
  spiffeIdPattern,
  trustDomainOf,
  trustDomainPattern,
} from '../../../src/platform/validation/index.ts';

const domain = 'spiffe://prod.example.com';

describe('a SPIFFE id', () => {
  test.each([
    `${domain}/billing`,
    `${domain}/ns/Prod_1/sa/a.b-c`,
    `${domain}/...`,
    `${domain}/.hidden/..x`,
    `spiffe://${'a'.repeat(255)}/x`,
    `${domain}/${'a'.repeat(2048 - domain.length - 1)}`,
  ])('%s is valid, and its trust domain is the part before the path', (id) => {
    expect(spiffeIdPattern.test(id)).toBe(true);
    expect(trustDomainOf(id)).toBe(/^spiffe:\/\/[^/]+/.exec(id)?.[0]);
  });

  test.each([
    ['no path', domain],
    ['a trailing slash', `${domain}/billing/`],
    ['only a slash', `${domain}/`],
    ['an empty segment', `${domain}/a//b`],
    ['the segment .', `${domain}/./a`],
    ['the last segment .', `${domain}/a/.`],
    ['the segment ..', `${domain}/a/../b`],
    ['the last segment ..', `${domain}/a/..`],
    ['an escape', `${domain}/a%2Fb`],
    ['a space', `${domain}/a b`],
    ['another script', `${domain}/ä`],
    ['a query', `${domain}/a?b`],
    ['a fragment', `${domain}/a#b`],
    ['a line end', `${domain}/a\n`],
    ['upper case in the trust domain', 'spiffe://Prod.example.com/a'],
    ['upper case in the scheme', 'SPIFFE://prod.example.com/a'],
    ['a port', 'spiffe://prod.example.com:443/a'],
    ['user information', 'spiffe://a@prod.example.com/a'],
    ['no trust domain', 'spiffe:///a'],
    ['a long trust domain', `spiffe://${'a'.repeat(256)}/x`],
    ['2049 bytes', `${domain}/${'a'.repeat(2048 - domain.length)}`],
    ['another scheme', 'https://prod.example.com/a'],
  ])('with %s is invalid', (_, id) => {
    expect(spiffeIdPattern.test(id)).toBe(false);
    expect(trustDomainOf(id)).toBeUndefined();
  });
});

test('a trust domain has no path, no port and no upper case', () => {
  expect(trustDomainPattern.test(domain)).toBe(true);
  for (const text of [`${domain}/`, `${domain}/a`, `${domain}:1`, 'spiffe://A', 'spiffe://', `${domain}\n`])
    expect([text, trustDomainPattern.test(text)]).toEqual([text, false]);
});
