import { describe, expect, test } from '@jest/globals';
import { parseConfig } from '../../../src/server/config/load.ts';
import { faultsOf, fileOf, least } from './arrange.ts';

const issuer = 'https://id.example.com';
const pathsOf = (raw: unknown) => faultsOf(raw).map(({ path }) => path);

describe('federation', () => {
  const local = { ...least, listen: { public: '127.0.0.1:8080' } };

  test('ca must name a file with a certificate, which TLS itself does not check', () => {
    const ca = (file: string) => faultsOf({ ...local, federation: { ca: file } });
    expect(ca(fileOf('pem', 'pem'))).toEqual([
      { path: 'federation.ca', message: 'names a file without a PEM certificate' },
    ]);
    expect(ca('/nowhere')).toEqual([
      { path: 'federation.ca', message: 'names a file that cannot be read (ENOENT)' },
    ]);
  });

  test('allow_networks rejects a network of all addresses', () => {
    expect(pathsOf({ ...local, federation: { allow_networks: ['10.0.0.0/8', '0.0.0.0/0'] } })).toEqual([
      'federation.allow_networks.1',
    ]);
  });
});

describe('the configuration', () => {
  test('requires TLS or a trusted proxy for a public listener outside loopback', () => {
    expect(faultsOf({ issuer })).toEqual([
      {
        path: 'listen.public',
        message:
          'is reachable from the network without encryption: set listen.tls, or add the proxy that terminates TLS to trust_proxy, or listen on 127.0.0.1',
      },
    ]);
    const pem = fileOf('pem', 'pem');
    expect(parseConfig({ issuer, listen: { tls: { cert: pem, key: pem } } }).listen.tls).toEqual({
      cert: pem,
      key: pem,
      client_ca: null,
    });
    expect(parseConfig({ issuer, trust_proxy: ['10.0.0.0/8'] }).listen.tls).toBeNull();
  });

  test('requires TLS for an admin listener outside loopback, with or without a proxy', () => {
    const listen = { admin: '0.0.0.0:8081' };
    expect(pathsOf({ issuer, listen, trust_proxy: ['10.0.0.0/8'] })).toEqual(['listen.admin']);
    const pem = fileOf('pem', 'pem');
    expect(parseConfig({ issuer, listen: { ...listen, tls: { cert: pem, key: pem } } }).listen.admin).toEqual(
      {
        host: '0.0.0.0',
        port: 8081,
      },
    );
  });

  test('requires both TLS files, and both readable', () => {
    const pem = fileOf('pem', 'pem');
    expect(faultsOf({ ...least, listen: { public: '127.0.0.1:1', tls: { cert: pem } } })).toEqual([
      { path: 'listen.tls.key', message: 'is missing; listen.tls needs both cert and key' },
    ]);
    expect(
      faultsOf({ ...least, listen: { public: '127.0.0.1:1', tls: { cert: '/nowhere/cert', key: pem } } }),
    ).toEqual([{ path: 'listen.tls.cert', message: 'names a file that cannot be read (ENOENT)' }]);
  });

  test('requires TLS and a certificate file for client authorities', () => {
    const pem = fileOf('pem', 'pem');
    const faults = (tls: object) => faultsOf({ ...least, listen: { public: '127.0.0.1:1', tls } });
    expect(faults({ client_ca: pem })).toEqual([
      {
        path: 'listen.tls.client_ca',
        message: 'needs listen.tls.cert and listen.tls.key: without TLS there are no client certificates',
      },
      { path: 'listen.tls.client_ca', message: 'names a file without a PEM certificate' },
    ]);
    expect(faults({ cert: pem, key: pem, client_ca: '/nowhere/ca' })).toEqual([
      { path: 'listen.tls.client_ca', message: 'names a file that cannot be read (ENOENT)' },
    ]);
  });

  test('requires a trusted proxy and an unreserved name for the certificate header', () => {
    const faults = (header: string, more = {}) =>
      faultsOf({
        ...least,
        ...more,
        listen: { public: '127.0.0.1:1', client_certificate_header: header },
      });
    const path = 'listen.client_certificate_header';
    expect(faults('Client-Cert')).toEqual([
      { path, message: 'needs trust_proxy: without it, any caller could set this header' },
    ]);
    const trust_proxy = ['10.0.0.0/8'];
    expect(faults('X-Forwarded-For', { trust_proxy })).toEqual([
      { path, message: 'must not be a header with another meaning' },
    ]);
    expect(faults('Client Cert', { trust_proxy })).toEqual([
      { path, message: 'must be the name of a header, such as Client-Cert' },
    ]);
  });

  test('rejects one address for both listeners, except with port 0', () => {
    expect(pathsOf({ issuer, listen: { public: '127.0.0.1:1', admin: '127.0.0.1:1' } })).toEqual([
      'listen.admin',
    ]);
    expect(parseConfig({ issuer, listen: { public: '127.0.0.1:0', admin: '127.0.0.1:0' } })).toBeDefined();
  });

  test.each([
    [{ publish_lead: '29m' }, 'keys.publish_lead'],
    [{ retain: '24h' }, 'keys.retain'],
    [{ rotate_every: '48h' }, 'keys.rotate_every'],
    [{ rotate_every: '24h' }, 'keys.rotate_every'],
  ])('rejects %j as too short for production', (keys, path) => {
    expect(pathsOf({ ...least, keys })).toEqual([path]);
  });

  test('accepts the shortest safe times', () => {
    const keys = { rotate_every: '1530m', publish_lead: '30m', retain: '25h' };
    expect(parseConfig({ ...least, keys }).keys.rotate_every).toBe(91_800);
  });

  // A verifier that fetched from such a replica at its last moment keeps what it got for up to half the lead.
  test('accepts a stale_after of at most half of publish_lead', () => {
    const keys = { publish_lead: '30m', stale_after: '15m' };
    expect(parseConfig({ ...least, keys }).keys.stale_after).toBe(900);
    expect(faultsOf({ ...least, keys: { ...keys, stale_after: '16m' } })).toEqual([
      {
        path: 'keys.stale_after',
        message:
          'must be at most half of keys.publish_lead: a replica may serve an old JWKS for this long, and verifiers may cache it for the other half',
      },
    ]);
  });

  test('requires publish_lead below rotate_every, also with allow_short_times', () => {
    const drill = { allow_short_times: true, publish_lead: '1s', retain: '1m' };
    expect(parseConfig({ ...least, keys: { ...drill, rotate_every: '2s' } }).keys.rotate_every).toBe(2);
    expect(pathsOf({ ...least, keys: { ...drill, rotate_every: '1s' } })).toEqual(['keys.rotate_every']);
  });

  test.each(['59s', '3601s', '24h'])('rejects a token lifetime of %s', (ttl) => {
    expect(faultsOf({ ...least, tokens: { ttl } })).toEqual([
      { path: 'tokens.ttl', message: 'must be from 60s to 3600s' },
    ]);
  });

  test('requires a key-encryption key with a shared store', () => {
    expect(faultsOf({ ...least, store: 'redis://127.0.0.1:6379' })).toEqual([
      {
        path: 'keys.encryption_key',
        message: 'is required with a shared store: every replica decrypts the keys that any replica created',
      },
    ]);
  });

  test('requires encryption_key with previous_encryption_key', () => {
    const env = { OLD: Buffer.alloc(32, 7).toString('base64url') };
    expect(faultsOf({ ...least, keys: { previous_encryption_key: 'env:OLD' } }, env)).toEqual([
      {
        path: 'keys.previous_encryption_key',
        message: 'needs keys.encryption_key, which replaces it',
      },
    ]);
  });
});
