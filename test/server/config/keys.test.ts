import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { loadConfig, parseConfig } from '../../../src/server/config/load.ts';
import { faultsOf, fileOf, least } from './arrange.ts';

describe('the configuration', () => {
  test('gets every default for a file with only an issuer', () => {
    expect(parseConfig({ issuer: 'https://id.example.com', trust_proxy: ['10.0.0.0/8'] })).toEqual({
      issuer: 'https://id.example.com',
      vendor: 'id.example.com',
      listen: {
        public: { host: '0.0.0.0', port: 8080 },
        admin: { host: '127.0.0.1', port: 8081 },
        documents: null,
        tls: null,
        client_certificate_header: null,
      },
      shutdown: { drain: 0.3 },
      admin: { hosts: [] },
      allow: { plain_redis: false, plain_postgres: false, shared_key_folder: false, shared_database: false },
      trust_proxy: ['10.0.0.0/8'],
      store: 'sqlite:./data/sojourn.db',
      keys: {
        backend: 'file',
        path: './keys',
        algorithms: ['RS256', 'ES256'],
        rotate_every: 2_592_000,
        publish_lead: 86_400,
        retain: 90_000,
        stale_after: 300,
        check_propagation: true,
        mirrors: [],
        publish: [],
        republish_every: 3600,
        check_mirrors_every: 300,
        allow_short_times: false,
        encryption_key: null,
        aws_kms: { region: null, endpoint: null },
        gcp_kms: { key_ring: null, rsa_key: null, ec_key: null, endpoint: null, metadata_endpoint: null },
        azure_key_vault: {
          vault_url: null,
          key_name: 'sojourn',
          identity_endpoint: null,
          authority_host: null,
          identity: {
            client_id: null,
            tenant_id: null,
            federated_token_file: null,
            endpoint: null,
            header: null,
            authority_host: null,
          },
        },
        pkcs11: { module: null, token_label: null, pin: null },
        previous_encryption_key: null,
      },
      tokens: { ttl: 300 },
      clouds: {
        aws: { sts_endpoint: null, sts_region_fallback: true },
        azure: { authority_host: null, resource_manager_endpoint: null },
        gcp: { sts_endpoint: null, iam_credentials_endpoint: null, resource_manager_endpoint: null },
      },
      presets: { own: [], endpoints: {}, allow_networks: [] },
      verify: { every: 86_400 },
      clients: { jwks_uris: [] },
      webhooks: { allow_networks: [], ca: null },
      limits: {
        failed_sign_ins: 60,
        refused_sign_ins: 100,
        requests_per_address: 200,
        requests_per_client: 50,
        requests_per_invitation: 5,
        requests_in_flight: 1_000,
        connections: 10_000,
        connections_per_address: 500,
        concurrent_exchanges: 64,
        concurrent_exchanges_per_tenant: 16,
      },
      setup: { permissions: {}, templates: null },
      federation: { allow_networks: [], ca: null },
      audit: { on_failure: 'refuse', spool: null, retention: { default: null, events: {} } },
      admin_token: null,
    });
  });

  test('accepts the file config/sojourn.yaml', async () => {
    const file = join(import.meta.dirname, '../../../config/sojourn.yaml');
    expect(await loadConfig({ file, env: {} })).toEqual(
      parseConfig({ issuer: 'http://127.0.0.1:8080', listen: { public: '127.0.0.1:8080' } }),
    );
  });

  test('converts durations to seconds', () => {
    const { keys, tokens } = parseConfig({
      ...least,
      keys: { rotate_every: '90s', publish_lead: '500ms', retain: '2m', allow_short_times: true },
      tokens: { ttl: '1h' },
    });
    expect({ ...keys, ...tokens }).toMatchObject({
      rotate_every: 90,
      publish_lead: 0.5,
      retain: 120,
      ttl: 3600,
    });
  });

  test.each([300, '300', '5 m', '-5m', '1.5h', '0s', '3651d', '5m30s', '99999999999s', true, ['5m']])(
    'rejects the duration %j',
    (ttl) => {
      expect(faultsOf({ ...least, tokens: { ttl } }).map(({ path }) => path)).toEqual(['tokens.ttl']);
    },
  );

  test.each([
    ['127.0.0.1:0', { host: '127.0.0.1', port: 0 }],
    ['[::1]:8080', { host: '::1', port: 8080 }],
    ['localhost:65535', { host: 'localhost', port: 65_535 }],
  ])('reads the address %s', (text, address) => {
    expect(parseConfig({ ...least, listen: { public: text } }).listen.public).toEqual(address);
  });

  test.each([8080, ':8080', '8080', '127.0.0.1', '127.0.0.1:65536', '::1:8080', '[1.2.3.4]:80', 'a b:80'])(
    'rejects the address %j',
    (address) => {
      expect(faultsOf({ ...least, listen: { public: address } }).map(({ path }) => path)).toEqual([
        'listen.public',
      ]);
    },
  );

  test.each(['10.0.0.0', '10.0.0.0/33', '::/129', '0.0.0.0/0', '::/0', '10.0.0.0/08', 'proxy/8'])(
    'rejects the proxy network %s',
    (network) => {
      expect(faultsOf({ ...least, trust_proxy: ['fd00::/8', network] })).toEqual([
        {
          path: 'trust_proxy.1',
          message:
            'must be a network such as 10.0.0.0/8, or one address such as 10.0.0.7/32; never all addresses',
        },
      ]);
    },
  );

  test.each([
    ['redis+sentinel://a:1/b', 'Sentinel is not supported by this version'],
    [
      'redis+cluster://a:1',
      'cannot be a Redis Cluster: it replicates asynchronously, and a failover loses acknowledged revocations',
    ],
    ['sqlite::memory:', 'must name a file: a store in memory loses the keys at a restart'],
    ['sqlite:', 'must be sqlite:FILE, postgres://…, redis://… or rediss://…'],
    ['mysql://user:hunter2@host', 'must be sqlite:FILE, postgres://…, redis://… or rediss://…'],
    ['redis://', 'must be a URL such as redis://host:6379/0'],
  ])('rejects the store %s without repeating it', (store, message) => {
    expect(faultsOf({ ...least, store })).toEqual([{ path: 'store', message }]);
  });

  test('rejects an unknown backend with the list of backends', () => {
    expect(faultsOf({ ...least, keys: { backend: 'vault' } })).toEqual([
      { path: 'keys.backend', message: 'must be one of file, aws-kms, gcp-kms, azure-key-vault, pkcs11' },
    ]);
  });

  test.each([
    { algorithms: [] },
    { algorithms: ['RS256', 'RS256'] },
    { algorithms: ['HS256'] },
    { algorithms: 'RS256' },
  ])('rejects the algorithms $algorithms', (keys) => {
    expect(faultsOf({ ...least, keys })).toHaveLength(1);
  });

  test('removes the trailing slash of an endpoint, and accepts http only on loopback', () => {
    const clouds = { aws: { sts_endpoint: 'http://127.0.0.1:4566/aws/' } };
    expect(parseConfig({ ...least, clouds }).clouds.aws.sts_endpoint).toBe('http://127.0.0.1:4566/aws');
    expect(faultsOf({ ...least, clouds: { gcp: { sts_endpoint: 'http://sts.example.com' } } })).toEqual([
      { path: 'clouds.gcp.sts_endpoint', message: 'must begin with https:// (http only for loopback hosts)' },
    ]);
  });

  test('reads the key-encryption key from its source', () => {
    const file = fileOf('k'.repeat(43), 'kek');
    const read = (encryption_key: string, env = {}) =>
      parseConfig({ ...least, keys: { encryption_key } }, env).keys.encryption_key;
    expect(read(`file:${file}`)).toEqual({ value: 'k'.repeat(43), source: `file:${file}` });
    expect(read('env:SOJOURN_KEK', { SOJOURN_KEK: 'abc' })).toEqual({
      value: 'abc',
      source: 'env:SOJOURN_KEK',
    });
    expect(faultsOf({ ...least, keys: { encryption_key: 'env:KEK' } })).toEqual([
      { path: 'keys.encryption_key', message: 'names the variable KEK, which is not set' },
    ]);
    expect(faultsOf({ ...least, keys: { encryption_key: 'file:/nowhere/kek' } })).toEqual([
      { path: 'keys.encryption_key', message: 'names a file that cannot be read (ENOENT)' },
    ]);
    expect(faultsOf({ ...least, keys: { encryption_key: 'k'.repeat(43) } })).toEqual([
      {
        path: 'keys.encryption_key',
        message: 'must be file:PATH or env:NAME, never the secret itself',
      },
    ]);
  });

  test('reads the admin token from its variable, and rejects a short one', () => {
    const token = 'a'.repeat(32);
    expect(parseConfig(least, { SOJOURN_ADMIN_TOKEN: token }).admin_token).toBe(token);
    expect(faultsOf(least, { SOJOURN_ADMIN_TOKEN: 'a'.repeat(31) }).map(({ path }) => path)).toEqual([
      'SOJOURN_ADMIN_TOKEN',
    ]);
    expect(faultsOf({ ...least, admin_token: token })).toEqual([
      { path: 'admin_token', message: 'is unknown' },
    ]);
  });
});
