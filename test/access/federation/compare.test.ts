/** The limits of a token's times, to the second, and the names of claims. */
import { expect, test } from '@jest/globals';
import { claimAt, faultsOf } from '../../../src/access/federation/compare.ts';
import type { PlatformName } from '../../../src/access/federation/platforms.ts';
import type { Trust } from '../../../src/access/federation/trust.ts';

const now = 1_800_000_000;
const issuer = 'https://token.example.com';
const trust: Trust = { method: 'federated', issuer, audience: 'https://id.example.com', subject: 'w' };
const faults = (times: Record<string, number>) =>
  faultsOf(
    trust,
    { iss: issuer, aud: 'https://id.example.com', sub: 'w', iat: now, exp: now + 60, ...times },
    now,
  );

test.each<[string, Record<string, number>, Record<string, number>, string]>([
  ['exp up to 60 s ago', { exp: now - 59 }, { exp: now - 60 }, 'exp is in the past'],
  ['iat up to 60 s ahead', { iat: now + 60 }, { iat: now + 61 }, 'iat is in the future'],
  ['nbf up to 60 s ahead', { nbf: now + 60 }, { nbf: now + 61 }, 'nbf is in the future'],
  [
    'a life of a day and 60 s',
    { exp: now + 86_460 },
    { exp: now + 86_461 },
    'exp is more than 86400 s after iat',
  ],
])('%s is accepted, and not a second more', (_, accepted, refused, fault) => {
  expect(faults(accepted)).toEqual([]);
  expect(faults(refused)).toEqual([fault]);
});

/** The fault of a list of one audience, and the longest life of a token in seconds, by platform. */
const notList = `aud is ["${trust.audience}"], not "${trust.audience}"`;
test.each<[PlatformName | undefined, string | undefined, number]>([
  [undefined, notList, 86_400],
  ['kubernetes', undefined, 86_400],
  ['github', notList, 600],
  ['gitlab', notList, 86_400],
  ['aws', notList, 3_600],
  ['gcp', notList, 3_660],
  ['azure', notList, 87_000],
  ['spiffe', undefined, 86_400],
])(
  'of the platform %s, only some send aud as a list, and tokens have a longest life',
  (platform, fault, life) => {
    const platformTrust: Trust = { ...trust, ...(platform && { platform }) };
    const faultsWith = (claims: Record<string, unknown>) =>
      faultsOf(
        platformTrust,
        { iss: issuer, aud: trust.audience, sub: 'w', iat: now, exp: now + 60, ...claims },
        now,
      );
    expect(faultsWith({ aud: [trust.audience] })).toEqual(fault === undefined ? [] : [fault]);
    expect(faultsWith({ exp: now + life + 60 })).toEqual([]);
    expect(faultsWith({ exp: now + life + 61 })).toEqual([`exp is more than ${life} s after iat`]);
  },
);

test('a claim is found by its name or by a JSON Pointer (RFC 6901), among own members only', () => {
  const claims = {
    a: 'name',
    'a/b': 'slash',
    'a~b': 'tilde',
    '~1': 'escaped',
    o: { 'a/b': { c: 'deep' } },
    l: ['x'],
  };
  const names = ['a', 'a/b', '/a', '/a~1b', '/a~0b', '/~01', '/o/a~1b/c', '/l/0', '/toString', '/o/none/c'];
  expect(names.map((name) => claimAt(claims, name))).toEqual([
    'name',
    'slash',
    'name',
    'slash',
    'tilde',
    'escaped',
    'deep',
    undefined,
    undefined,
    undefined,
  ]);
});
