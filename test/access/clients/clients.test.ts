import { createHash, generateKeyPairSync, type KeyObject, X509Certificate } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { secretIn } from '../../../src/access/clients/index.ts';
import { clouds } from '../../../src/clouds/index.ts';
import { isId } from '../../../src/platform/ids/index.ts';
import { selfSigned } from '../../support/authority.ts';
import { aMinuteLater, atNoon, createModules, faultsOf, type Modules } from '../../support/modules.ts';

let bench: Modules;
let tenant: string;
let connection: string;
beforeEach(async () => {
  bench = await createModules();
  tenant = (await bench.tenants.create({ name: 'Acme' })).id;
  connection = (await bench.connections.create({ name: 'prod', tenant, cloud: 'aws' })).id;
});
afterEach(() => bench.end());

const ec = () => generateKeyPairSync('ec', { namedCurve: 'P-256' });
const jwkOf = (key: KeyObject) => key.export({ format: 'jwk' });
const withKeys = (...keys: object[]) => ({ method: 'private_key_jwt', jwks: { keys } });
const sha256 = (text: string) => createHash('sha256').update(text).digest('base64url');

describe('a client with a secret', () => {
  test('is created with one secret, which is returned once and stored only as a hash', async () => {
    const may_use = [{ connection }, { tenant }];
    const { client, secret } = await bench.clients.create({ name: 'deployer', may_use });
    expect(secret).toEqual({
      secret_id: expect.stringMatching(/^sec_/),
      client_secret: expect.stringMatching(/^sjs_[\w-]{43}$/),
    });
    expect(client).toEqual({
      client_id: client.client_id,
      name: 'deployer',
      auth: { method: 'client_secret' },
      may_use,
      disabled: false,
      secrets: [
        {
          id: secret!.secret_id,
          hash: sha256(secret!.client_secret),
          created_at: atNoon,
          expires_at: null,
          replaces: null,
        },
      ],
      created_at: atNoon,
      updated_at: atNoon,
    });
    expect(isId('cli', client.client_id)).toBe(true);
    expect(await bench.clients.get(client.client_id)).toEqual(client);
    expect(await bench.clients.list({ limit: 5 })).toEqual({ items: [client] });
  });

  test('has at most two secrets, and each can be deleted', async () => {
    const { clients, clock } = bench;
    const { client, secret: first } = await clients.create({ name: 'deployer' });
    clock.ms += 60_000;
    const second = await clients.addSecret(client.client_id);
    await expect(clients.addSecret(client.client_id)).rejects.toMatchObject({ code: 'secret_limit' });
    const both = await clients.get(client.client_id);
    expect(both.updated_at).toBe(aMinuteLater);
    const hashes = both.secrets.map(({ hash }) => hash);
    expect(hashes).toEqual([sha256(first!.client_secret), sha256(second.client_secret)]);
    const left = await clients.removeSecret(client.client_id, first!.secret_id);
    expect(left.secrets.map(({ id }) => id)).toEqual([second.secret_id]);
    await expect(clients.removeSecret(client.client_id, first!.secret_id)).rejects.toMatchObject({
      code: 'client_not_found',
      message: `The client has no secret ${first!.secret_id}.`,
    });
  });

  test('gets one more secret from ten concurrent requests', async () => {
    const { client } = await bench.clients.create({ name: 'deployer' });
    const asked = Array.from({ length: 10 }, () => bench.clients.addSecret(client.client_id));
    const outcomes = await Promise.allSettled(asked);
    const given = outcomes.filter(({ status }) => status === 'fulfilled');
    expect(given).toHaveLength(1);
    expect((await bench.clients.get(client.client_id)).secrets).toHaveLength(2);
  });

  test('leaves no secret on the disk or in the log', async () => {
    const { client, secret } = await bench.clients.create({ name: 'deployer' });
    const second = await bench.clients.addSecret(client.client_id);
    const bytes = await bench.bytes();
    expect(bytes.includes(client.client_id)).toBe(true);
    for (const { client_secret } of [secret!, second]) {
      expect(bytes.includes(sha256(client_secret))).toBe(true);
      expect(bytes.includes(client_secret.slice(4))).toBe(false);
      expect(bench.logged()).not.toContain(client_secret.slice(4));
    }
  });

  test('is authenticated only by its own secret, never by an empty one', async () => {
    const { clients, clock } = bench;
    const { client, secret: first } = await clients.create({ name: 'deployer' });
    const second = await clients.addSecret(client.client_id);
    const { secret: foreign } = await clients.create({ name: 'other' });
    const newest = await clients.get(client.client_id);
    const given = [first!.client_secret, second.client_secret, foreign!.client_secret, '', 'sjs_'];
    expect(given.map((text) => secretIn(newest, text, clock.ms))).toEqual([
      expect.objectContaining({ id: first!.secret_id }),
      expect.objectContaining({ id: second.secret_id }),
      undefined,
      undefined,
      undefined,
    ]);
    expect(secretIn(undefined, first!.client_secret, clock.ms)).toBeUndefined();
  });

  test('cannot use an expired secret, and an expired secret does not count against the limit', async () => {
    const { clients, clock } = bench;
    const { client } = await clients.create({ name: 'deployer' });
    const { client_id } = client;
    const short = await clients.addSecret(client_id, { expires_at: '2026-11-23T12:01:00Z' });
    const fits = async () => secretIn(await clients.get(client_id), short.client_secret, clock.ms);
    clock.ms += 59_999;
    expect(await fits()).toMatchObject({ id: short.secret_id });
    await expect(clients.addSecret(client_id)).rejects.toMatchObject({ code: 'secret_limit' });
    clock.ms += 1;
    expect(await fits()).toBeUndefined();
    const next = await clients.addSecret(client_id);
    const { secrets } = await clients.get(client_id);
    expect(secrets.map(({ id }) => id)).toEqual([client.secrets[0]!.id, next.secret_id]);
  });

  test.each([
    [{ expires_at: '2026-11-23T12:00:00Z' }, 'expires_at', 'must be in the future'],
    [{ expires_at: 'soon' }, 'expires_at', 'must be a time such as 2027-01-31T02:00:00Z'],
    [{ grace_seconds: -1 }, 'grace_seconds', 'must be 0 or more'],
    [{ grace_seconds: 2_592_001 }, 'grace_seconds', 'must be 2592000 at most'],
    [{ secret: 'chosen by hand' }, 'secret', 'is not known here'],
  ])('gets no secret from the invalid input %j', async (input, path, message) => {
    const { client } = await bench.clients.create({ name: 'deployer' });
    expect(await faultsOf(() => bench.clients.addSecret(client.client_id, input))).toEqual([
      { path, message },
    ]);
    expect(await bench.clients.get(client.client_id)).toEqual(client);
  });

  test('can use a replaced secret until the grace period after the first use of the new one', async () => {
    const { clients, clock } = bench;
    const { client, secret: old } = await clients.create({ name: 'deployer' });
    const { client_id } = client;
    const fresh = await clients.addSecret(client_id, { replace: true, grace_seconds: 600 });
    const good = async () => {
      const newest = await clients.get(client_id);
      return [old!, fresh].map(
        ({ client_secret }) => secretIn(newest, client_secret, clock.ms) !== undefined,
      );
    };
    clock.ms += 86_400_000;
    await clients.endReplaced(client_id, old!.secret_id);
    expect(await good()).toEqual([true, true]);

    await clients.endReplaced(client_id, fresh.secret_id);
    clock.ms += 599_999;
    await clients.endReplaced(client_id, fresh.secret_id);
    expect(await good()).toEqual([true, true]);
    clock.ms += 1;
    expect(await good()).toEqual([false, true]);
  });

  test('cannot use a secret beyond its own expiry because of a grace period', async () => {
    const { clients, clock } = bench;
    const { client } = await clients.create({ name: 'deployer' });
    const short = await clients.addSecret(client.client_id, { expires_at: '2026-11-23T12:01:00Z' });
    await clients.removeSecret(client.client_id, client.secrets[0]!.id);
    const fresh = await clients.addSecret(client.client_id, { replace: true });
    await clients.endReplaced(client.client_id, fresh.secret_id);
    clock.ms += 60_000;
    const newest = await clients.get(client.client_id);
    expect(secretIn(newest, short.client_secret, clock.ms)).toBeUndefined();
  });

  test('has a last use for each secret that is accurate to five minutes', async () => {
    const { clients, clock } = bench;
    const { secret } = await clients.create({ name: 'deployer' });
    const { secret_id } = secret!;
    expect(await clients.lastUsed(secret_id)).toBeUndefined();
    await clients.recordUse(secret_id);
    clock.ms += 299_999;
    await clients.recordUse(secret_id);
    expect(await clients.lastUsed(secret_id)).toBe(atNoon);
    clock.ms += 1;
    await clients.recordUse(secret_id);
    expect(await clients.lastUsed(secret_id)).toBe('2026-11-23T12:05:00.000Z');
  });
});

describe('a client with keys', () => {
  test('is created without a secret, and only the public members of its keys are stored', async () => {
    const { kty, crv, x, y } = jwkOf(ec().publicKey);
    const key = { kty, crv, x, y, kid: 'one' };
    const { client, secret } = await bench.clients.create({
      name: 'deployer',
      auth: withKeys({ ...key, use: 'sig', x5c: ['…'] }),
    });
    expect(secret).toBeUndefined();
    expect(client.secrets).toEqual([]);
    expect(client.auth).toEqual(withKeys(key));
    expect(await faultsOf(() => bench.clients.addSecret(client.client_id))).toEqual([
      { path: 'auth.method', message: 'is private_key_jwt; a client with this method has no secrets' },
    ]);
  });

  test('can get other keys, but no other authentication method', async () => {
    const { clients } = bench;
    const made = await clients.create({ name: 'a', auth: withKeys(jwkOf(ec().publicKey)) });
    const auth = withKeys(jwkOf(ec().publicKey));
    const changed = await clients.update(made.client.client_id, { auth });
    expect(changed).toEqual({ ...made.client, auth });
    const refusal = [{ path: 'auth.method', message: 'cannot change; create another client' }];
    expect(
      await faultsOf(() => clients.update(changed.client_id, { auth: { method: 'client_secret' } })),
    ).toEqual(refusal);
    const withSecret = await clients.create({ name: 'b' });
    expect(await faultsOf(() => clients.update(withSecret.client.client_id, { auth }))).toEqual(refusal);
    expect(await clients.get(changed.client_id)).toEqual(changed);
    expect(await clients.get(withSecret.client.client_id)).toEqual(withSecret.client);
  });

  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const privateRsa = jwkOf(rsa.privateKey);
  const { d: _d, ...halfPrivateRsa } = privateRsa;
  const leaked = 'contains a private key; register only the public key, and treat this one as leaked';

  test.each([
    ['a public RSA key', jwkOf(rsa.publicKey)],
    ['a public Ed25519 key', jwkOf(generateKeyPairSync('ed25519').publicKey)],
  ])('accepts %s', async (_, key) => {
    const { client } = await bench.clients.create({ name: 'deployer', auth: withKeys(key) });
    expect(client.auth).toEqual(withKeys(key));
  });

  test.each([
    ['a private EC key', jwkOf(ec().privateKey), '', leaked],
    ['a private RSA key', privateRsa, '', leaked],
    ['an RSA key with its primes but no d', halfPrivateRsa, '', leaked],
    ['a shared secret', { kty: 'oct', k: 'c2VjcmV0' }, '.kty', 'must be RSA, EC or OKP'],
    ['an EC key with k', { ...jwkOf(ec().publicKey), k: 'c2VjcmV0' }, '', leaked],
    [
      'a short RSA key',
      jwkOf(generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey),
      '',
      'is an RSA key under 2048 bits',
    ],
    [
      'another curve',
      jwkOf(generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey),
      '',
      'must be on the curve P-256',
    ],
    [
      'a key for agreement',
      jwkOf(generateKeyPairSync('x25519').publicKey),
      '',
      'must be Ed25519 when its kty is OKP',
    ],
    ['half a key', { kty: 'EC', crv: 'P-256', x: 'AQ' }, '', 'is not a public key in JWK form (RFC 7517)'],
  ])('rejects %s, does not repeat it in the error and does not store it', async (_, key, at, message) => {
    const input = { name: 'deployer', auth: withKeys(jwkOf(ec().publicKey), key) };
    const faults = await faultsOf(() => bench.clients.create(input));
    expect(faults).toEqual([{ path: `auth.jwks.keys.1${at}`, message }]);
    for (const member of ['d', 'p', 'k'] as const) {
      const secret = (key as Record<string, string>)[member];
      if (secret) expect((await bench.bytes()).includes(secret)).toBe(false);
    }
    expect(await bench.clients.list({ limit: 1 })).toEqual({ items: [] });
  });

  test('rejects an empty list of keys and eleven keys', async () => {
    const { publicKey } = ec();
    for (const [count, message] of [
      [0, 'must contain at least one key'],
      [11, 'must contain 10 keys at most'],
    ] as const) {
      const auth = withKeys(...Array.from({ length: count }, () => jwkOf(publicKey)));
      expect(await faultsOf(() => bench.clients.create({ name: 'deployer', auth }))).toEqual([
        { path: 'auth.jwks.keys', message },
      ]);
    }
  });
});

describe('a client with a certificate', () => {
  const make = (auth: object) => bench.clients.create({ name: 'mesh', auth: { method: 'tls', ...auth } });

  test.each([
    [{ subject_dn: 'CN=deployer,O=Acme\\, Inc.' }, {}],
    [{ san_dns: 'Deployer.Acme.example' }, { san_dns: 'deployer.acme.example' }],
    [{ san_uri: 'spiffe://prod.example.com/billing' }, {}],
    [{ san_ip: '10.0.0.7' }, {}],
    [{ san_ip: '2001:DB8:0:0::7' }, { san_ip: '2001:db8::7' }],
    [{ san_email: 'Ops@Acme.example' }, { san_email: 'Ops@acme.example' }],
  ])('registered by %j is stored with the canonical name and has no secret', async (auth, kept) => {
    const { client, secret } = await make(auth);
    expect(client.auth).toEqual({ method: 'tls', ...auth, ...kept });
    expect(secret).toBeUndefined();
    expect(await faultsOf(() => bench.clients.addSecret(client.client_id))).toEqual([
      { path: 'auth.method', message: 'is tls; a client with this method has no secrets' },
    ]);
  });

  const one =
    'must have exactly one of subject_dn, san_dns, san_uri, san_ip, san_email, or self_signed: true';
  test.each([
    [{}, 'auth', one],
    [{ san_dns: 'a.example', san_ip: '10.0.0.7' }, 'auth', one],
    [{ san_dns: '*.example' }, 'auth.san_dns', 'must be a host name, with no *'],
    [{ san_dns: 'a.example\0' }, 'auth.san_dns', 'must be a host name, with no *'],
    [{ san_dns: '.example' }, 'auth.san_dns', 'must be a host name, with no *'],
    [{ san_dns: 'müller.example' }, 'auth.san_dns', 'must be a host name, with no *'],
    [
      { san_uri: 'spiffe://prod/*' },
      'auth.san_uri',
      'must be a whole URI with no *, such as spiffe://TRUST-DOMAIN/PATH',
    ],
    [
      { san_uri: 'billing' },
      'auth.san_uri',
      'must be a whole URI with no *, such as spiffe://TRUST-DOMAIN/PATH',
    ],
    [
      { san_uri: 'spiffe://prod/a, URI:b' },
      'auth.san_uri',
      'must be a whole URI with no *, such as spiffe://TRUST-DOMAIN/PATH',
    ],
    [{ san_ip: '10.0.0.0/8' }, 'auth.san_ip', 'must be one IP address'],
    [{ san_ip: 'fe80::1%eth0' }, 'auth.san_ip', 'must be one IP address'],
    [{ san_email: 'example.com' }, 'auth.san_email', 'must be an e-mail address'],
    [
      { subject_dn: '/CN=a' },
      'auth.subject_dn',
      'must be a distinguished name such as CN=deployer,O=Acme (RFC 4514)',
    ],
    [{ self_signed: true }, 'auth.certificates', 'must be set, or jwks instead, but not both'],
    [
      { self_signed: true, certificates: ['-----BEGIN CERTIFICATE-----'] },
      'auth.certificates.0',
      'is not one certificate with an RSA (2048 bits or more), EC or Ed25519 key',
    ],
    [{ self_signed: false, san_ip: '10.0.0.7' }, 'auth.self_signed', 'must be true or missing'],
    [{ san_ip: '10.0.0.7', san_dn: 'x' }, 'auth.san_dn', 'is not known here'],
  ])('cannot be registered by %j', async (auth, path, message) => {
    expect(await faultsOf(() => make(auth))).toEqual([{ path, message }]);
    expect(await bench.clients.list({ limit: 1 })).toEqual({ items: [] });
  });

  test('can be registered by whole certificates only', async () => {
    const { cert, key } = await selfSigned();
    const { client } = await make({ self_signed: true, certificates: [`\n${cert}\n`] });
    expect(client.auth).toEqual({ method: 'tls', self_signed: true, certificates: [cert.trim()] });
    const unusable = 'is not one certificate with an RSA (2048 bits or more), EC or Ed25519 key';
    for (const text of [cert + cert, cert + key, `${cert}x`, key, cert.slice(0, 300)])
      expect(await faultsOf(() => make({ self_signed: true, certificates: [text] }))).toEqual([
        { path: 'auth.certificates.0', message: unusable },
      ]);
    for (const [more, path, message] of [
      [
        { san_ip: '10.0.0.7' },
        'auth.san_ip',
        'cannot be combined with self_signed, which registers the certificate itself',
      ],
      [{ jwks: { keys: [{ x5c: ['AAAA'] }] } }, 'auth.jwks.keys.0.x5c.0', unusable],
    ] as const)
      expect(await faultsOf(() => make({ self_signed: true, certificates: [cert], ...more }))).toEqual([
        { path, message },
      ]);
    const x5c = [new X509Certificate(cert).raw.toString('base64')];
    const jwks = { keys: [{ d: 'c2VjcmV0', x5c }] };
    expect(await faultsOf(() => make({ self_signed: true, jwks }))).toEqual([
      {
        path: 'auth.jwks.keys.0',
        message: 'contains a private key; register only the public key, and treat this one as leaked',
      },
    ]);
    expect(await faultsOf(() => make({ certificates: [cert], san_ip: '10.0.0.7' }))).toEqual([
      { path: 'auth.certificates', message: 'requires self_signed: true' },
    ]);
    expect((await bench.bytes()).includes(key.split('\n')[1]!)).toBe(false);
  });

  test('can get another name or certificate, but no other authentication method', async () => {
    const { client } = await make({ san_ip: '10.0.0.7' });
    const { cert } = await selfSigned();
    const auth = { method: 'tls', self_signed: true, certificates: [cert.trim()] };
    expect((await bench.clients.update(client.client_id, { auth })).auth).toEqual(auth);
    expect(
      await faultsOf(() => bench.clients.update(client.client_id, { auth: { method: 'client_secret' } })),
    ).toEqual([{ path: 'auth.method', message: 'cannot change; create another client' }]);
  });
});

describe('a rule of a client', () => {
  test('must not name missing connections or tenants; creation and update report each with its path', async () => {
    const may_use = [
      { connection },
      { connection: 'con_01jd0000000000000000000000' },
      { tenant: 'ten_01jd0000000000000000000000' },
    ];
    const faults = [
      { path: 'may_use.1.connection', message: 'there is no such connection' },
      { path: 'may_use.2.tenant', message: 'there is no such tenant' },
    ];
    expect(await faultsOf(() => bench.clients.create({ name: 'deployer', may_use }))).toEqual(faults);
    const { client } = await bench.clients.create({ name: 'deployer' });
    expect(await faultsOf(() => bench.clients.update(client.client_id, { may_use }))).toEqual(faults);
    expect(await bench.clients.list({ limit: 5 })).toEqual({ items: [client] });
  });

  test.each([
    [{ labels: {} }, 'may_use.0.labels', 'must name a label'],
    [
      { labels: { Env: 'x' } },
      'may_use.0.labels.Env',
      'must be a name of lower-case letters, digits or . _ -',
    ],
    [{ labels: { env: '*' } }, 'may_use.0.labels.env', 'must be 1 to 63 letters, digits or . _ -'],
    [{ cloud: 'ibm' }, 'may_use.0.cloud', `must be one of ${Object.keys(clouds).join(', ')}`],
    [{ connection: '*' }, 'may_use.0.connection', 'must be an id that begins with con_'],
    [{ tenant: 'con_01jd0000000000000000000000' }, 'may_use.0.tenant', 'must be an id that begins with ten_'],
    [
      {},
      'may_use.0',
      'must be {"connection": "con_…"}, or one or more of {"tenant": "ten_…", "cloud": "aws", "labels": {…}}',
    ],
    [
      '*',
      'may_use.0',
      'must be {"connection": "con_…"}, or one or more of {"tenant": "ten_…", "cloud": "aws", "labels": {…}}',
    ],
  ])('is rejected if it is %j', async (rule, path, message) => {
    expect(await faultsOf(() => bench.clients.create({ name: 'deployer', may_use: [rule] }))).toEqual([
      { path, message },
    ]);
  });

  test('is rejected if it names a connection and a tenant', async () => {
    const may_use = [{ connection, tenant }];
    expect((await faultsOf(() => bench.clients.create({ name: 'deployer', may_use }))).length).toBe(1);
  });
});

describe('any client', () => {
  test('can be renamed, disabled, enabled and removed', async () => {
    const { clients, clock } = bench;
    const { client } = await clients.create({ name: 'deployer' });
    clock.ms += 60_000;
    const changed = {
      ...client,
      name: 'runner',
      disabled: true,
      may_use: [{ tenant }],
      updated_at: aMinuteLater,
    };
    expect(
      await clients.update(client.client_id, { name: 'runner', disabled: true, may_use: [{ tenant }] }),
    ).toEqual(changed);
    expect(await clients.update(client.client_id, { disabled: false })).toEqual({
      ...changed,
      disabled: false,
    });
    await clients.remove(client.client_id);
    expect(await clients.find(client.client_id)).toBeUndefined();
    for (const act of [
      () => clients.get(client.client_id),
      () => clients.update(client.client_id, {}),
      () => clients.remove(client.client_id),
      () => clients.addSecret(client.client_id),
      () => clients.removeSecret(client.client_id, 'sec_1'),
    ]) {
      await expect(act()).rejects.toMatchObject({ code: 'client_not_found' });
    }
  });

  test('is rejected with all faults of the input', async () => {
    const input = { auth: { method: 'password' }, may_use: 'all', secrets: [], client_id: 'cli_1' };
    expect(await faultsOf(() => bench.clients.create(input))).toEqual([
      { path: 'name', message: 'is missing' },
      { path: 'auth.method', message: 'must be client_secret, private_key_jwt, federated or tls' },
      { path: 'may_use', message: 'invalid input: expected array, received string' },
      { path: 'secrets', message: 'is not known here' },
      { path: 'client_id', message: 'is not known here' },
    ]);
  });
});
