import { describe, expect, test } from '@jest/globals';
import { parseConfig } from '../../../src/server/config/load.ts';
import { faultsOf, least } from './arrange.ts';

describe('the issuer setting', () => {
  test.each([
    'https://id.example.com',
    'https://example.com/identity/sojourn-1',
    'http://127.0.0.1:8080',
    'http://localhost:8080/id',
    'http://[::1]:8080',
  ])('accepts %s', (issuer) => {
    expect(parseConfig({ ...least, issuer }).issuer).toBe(issuer);
  });

  test.each([
    ['http://id.example.com', 'must begin with https:// (http only for loopback hosts)'],
    ['http://127.0.0.1.example.com', 'must begin with https:// (http only for loopback hosts)'],
    ['https://Id.example.com', 'must be in lower case'],
    ['HTTPS://id.example.com', 'must be in lower case'],
    ['https://id.example.com:443', 'must not contain a port (allowed only for http on loopback)'],
    ['https://id.example.com:8443', 'must not contain a port (allowed only for http on loopback)'],
    ['https://id.example.com/', 'must not end with a slash'],
    ['https://id.example.com/a/', 'must not end with a slash'],
    ['https://id.example.com?a', 'must not contain a query'],
    ['https://id.example.com#a', 'must not contain a fragment'],
    ['https://user@id.example.com', 'must not contain a user or password'],
    ['https://id.example.com/a/../b', 'must not contain dot segments'],
    ['https://id.example.com/.', 'must not contain dot segments'],
    [`https://id.example.com/${'a'.repeat(233)}`, 'must be at most 255 characters'],
    ['id.example.com', 'must be a URL, for example https://id.example.com'],
    ['ftp://id.example.com', 'must be a URL, for example https://id.example.com'],
    ['https://', 'must be a URL, for example https://id.example.com'],
    ['https:id.example.com', 'must be a URL, for example https://id.example.com'],
  ])('rejects %s', (issuer, message) => {
    expect(faultsOf({ ...least, issuer })).toEqual([{ path: 'issuer', message }]);
  });

  test.each([
    'https://id.example.com//a',
    'https://id.example.com/a%20b',
    'https://id.example.com/a\\b',
    'https://idé.example.com',
    'https://id.example.com.',
    'https://0x7f.1',
    'https://a"b.example.com',
    'https://a${b}.example.com',
    'https://id.example.com\t',
    ' https://id.example.com',
  ])('rejects %j, which is not in canonical form', (issuer) => {
    expect(faultsOf({ ...least, issuer })).toHaveLength(1);
  });

  test('reports all faults together', () => {
    expect(
      faultsOf({ ...least, issuer: 'http://u@Id.example.com:80/?q' }).map(({ message }) => message),
    ).toEqual([
      'must begin with https:// (http only for loopback hosts)',
      'must be in lower case',
      'must not contain a user or password',
      'must not contain a port (allowed only for http on loopback)',
      'must not contain a query',
      'must not end with a slash',
    ]);
  });
});
