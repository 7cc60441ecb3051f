import { describe, expect, test } from '@jest/globals';
import { backendSuite, failure, recordFrom, some } from './backend-suite.ts';
import { faultSuite, type ServiceBench } from './fault-suite.ts';
import { holderOpener } from './open-backend.ts';
import { serverSuite } from './server-suite.ts';
import { gcpKmsService, gcpToken, keyRing } from './services/gcp-kms.ts';

const secrets = [gcpToken];

async function bench(changed: Record<string, string> = {}) {
  const service = await gcpKmsService();
  const gcp_kms = {
    key_ring: keyRing,
    rsa_key: 'rsa',
    ec_key: 'ec',
    endpoint: service.origin,
    metadata_endpoint: service.metadata.origin,
    ...changed,
  };
  const keys = { backend: 'gcp-kms', gcp_kms };
  const { open, logged, close } = holderOpener(keys);
  return {
    keys,
    service,
    open,
    logged,
    secrets,
    words: {
      disabled: 'Google Cloud KMS: FAILED_PRECONDITION: KEY is not enabled, current state is: DISABLED.',
      removed: 'Google Cloud KMS: FAILED_PRECONDITION: KEY is not enabled, current state is: DESTROYED.',
      denied: "Google Cloud KMS: PERMISSION_DENIED: Permission 'cloudkms.cryptoKeyVersions.useToSign' denied",
    },
    end: async () => {
      await close();
      await service.stop();
      await service.metadata.stop();
    },
  } satisfies ServiceBench & { keys: Record<string, unknown> };
}

backendSuite('gcp-kms', () => bench());
faultSuite('gcp-kms', () => bench());
serverSuite('gcp-kms', async () => {
  const { keys, service, end } = await bench();
  return { keys, secrets, end, interrupt: service.stop, reason: /ECONNREFUSED/, starts: true };
});

describe('the backend gcp-kms', () => {
  test('waits until a new key version is enabled, and uses its name as reference', async () => {
    const { open, service, end } = await bench();
    const { sealed } = await (await open()).createKey('RS256');
    const version = `${keyRing}/cryptoKeys/rsa/cryptoKeyVersions/1`;
    expect(sealed).toBe(version);
    expect(service.calls.map(({ method, url }) => `${method} ${url}`)).toEqual([
      `POST /v1/${keyRing}/cryptoKeys/rsa/cryptoKeyVersions`,
      `GET /v1/${version}`,
      `GET /v1/${version}`,
      `GET /v1/${version}/publicKey`,
      `POST /v1/${version}:asymmetricSign`,
    ]);
    await end();
  });

  test('rejects responses that were corrupted in transit', async () => {
    const { open, service, end } = await bench();
    const backend = await open();
    const key = recordFrom(await backend.createKey('ES256'));
    service.bent.signature = true;
    const reason = (what: string) => `Google Cloud KMS: ${what} was corrupted in transit`;
    expect(await failure(backend.sign(key, some))).toMatchObject({
      code: 'key_backend_unavailable',
      cause: { message: reason(`a signature by ${key.sealed}`) },
    });
    service.bent.publicKey = true;
    expect(await failure(backend.createKey('ES256'))).toMatchObject({
      code: 'key_backend_unavailable',
      message: expect.stringMatching(
        /the public key of \S+\/cryptoKeyVersions\/2 was corrupted in transit\.$/,
      ),
    });
    await end();
  });

  test('names a crypto key with the wrong algorithm in the error', async () => {
    const { open, end } = await bench({ ec_key: 'rsa' });
    expect(await failure((await open()).createKey('ES256'))).toMatchObject({
      code: 'key_backend_refused',
      message:
        'The key service cannot create an ES256 key: Google Cloud KMS: rsa has the algorithm RSA_SIGN_PKCS1_2048_SHA256, not EC_SIGN_P256_SHA256.',
    });
    await end();
  });

  test('uses one access token for many signatures, and reports why it gets none', async () => {
    const { open, service, end } = await bench();
    const backend = await open();
    const key = recordFrom(await backend.createKey('ES256'));
    await Promise.all(Array.from({ length: 20 }, () => backend.sign(key, some)));
    expect(service.metadata.calls.length).toBe(1);
    await service.metadata.stop();
    expect(await failure((await open()).sign(key, some))).toMatchObject({
      code: 'key_backend_unavailable',
      cause: {
        message: expect.stringMatching(/^The metadata server: 127\.0\.0\.1:\d+ could not be reached \(/),
      },
    });
    await end();
  });
});
