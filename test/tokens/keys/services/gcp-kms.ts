/** A fake Google Cloud KMS with the REST API, and a metadata server that issues the access tokens. */
import { crc32c } from '../../../../src/tokens/keys/gcp-kms/crc32c.ts';
import { type HeldKey, newKey, signDigest } from './held-keys.ts';
import { type Answer, type Call, localService, type Trouble } from './local-service.ts';

export const gcpToken = 'ya29.kms-test-access-token';
export const keyRing = 'projects/acme/locations/europe-west3/keyRings/sojourn';
const ring = `/v1/${keyRing}/cryptoKeys`;
const algorithms = { RS256: 'RSA_SIGN_PKCS1_2048_SHA256', ES256: 'EC_SIGN_P256_SHA256' };

export async function gcpKmsService() {
  const keys = new Map<string, HeldKey>();
  /** Which values are corrupted in transit. */
  const bent = { signature: false, publicKey: false };
  const service = await localService('application/json', (call, trouble) => {
    if (call.headers.authorization !== `Bearer ${gcpToken}`)
      return refusal(401, 'UNAUTHENTICATED', 'Request had invalid authentication credentials.');
    return perform(keys, call, trouble, bent);
  });
  const metadata = await localService('application/json', ({ url, headers }) =>
    headers['metadata-flavor'] === 'Google' &&
    url === '/computeMetadata/v1/instance/service-accounts/default/token'
      ? { status: 200, body: { access_token: gcpToken, expires_in: 3599, token_type: 'Bearer' } }
      : { status: 403, body: {} },
  );
  return {
    ...service,
    keys,
    bent,
    metadata,
    set: (reference: string, state: HeldKey['state']) => {
      keys.get(reference)!.state = state;
    },
  };
}

const states = {
  enabled: 'ENABLED',
  disabled: 'DISABLED',
  removed: 'DESTROYED',
  generating: 'PENDING_GENERATION',
};

function perform(
  keys: Map<string, HeldKey>,
  call: Call,
  trouble: Trouble,
  bent: { signature: boolean; publicKey: boolean },
): Answer {
  if (trouble.throttled > 0) {
    trouble.throttled--;
    return refusal(
      429,
      'RESOURCE_EXHAUSTED',
      "Quota exceeded for quota metric 'HSM asymmetric cryptographic requests'.",
    );
  }
  const name = call.url.replace('/v1/', '').replace(/(:asymmetricSign|\/publicKey)$/, '');
  if (trouble.denied)
    return refusal(
      403,
      'PERMISSION_DENIED',
      `Permission 'cloudkms.cryptoKeyVersions.useToSign' denied on resource '${name}' (or it may not exist).`,
    );
  if (call.method === 'POST' && call.url.endsWith('/cryptoKeyVersions')) {
    const alg = { [`${ring}/rsa/cryptoKeyVersions`]: 'RS256', [`${ring}/ec/cryptoKeyVersions`]: 'ES256' }[
      call.url
    ] as HeldKey['alg'];
    if (!alg) return refusal(404, 'NOT_FOUND', `CryptoKey ${name} not found.`);
    const version = `${name}/${[...keys.keys()].filter((key) => key.startsWith(name)).length + 1}`;
    keys.set(version, newKey(alg, alg === 'RS256' ? 'generating' : 'enabled'));
    return described(version, keys.get(version)!);
  }
  const key = keys.get(name);
  if (!key) return refusal(404, 'NOT_FOUND', `CryptoKeyVersion ${name} not found.`);
  if (call.method === 'GET' && call.url === `/v1/${name}`) {
    const answer = described(name, key);
    // Key generation takes a short moment.
    if (key.state === 'generating') key.state = 'enabled';
    return answer;
  }
  if (key.state !== 'enabled')
    return refusal(
      400,
      'FAILED_PRECONDITION',
      `${name} is not enabled, current state is: ${states[key.state]}.`,
    );
  if (call.method === 'GET' && call.url.endsWith('/publicKey')) {
    const pem = key.publicKey.export({ format: 'pem', type: 'spki' }).toString();
    return {
      status: 200,
      body: {
        name,
        pem,
        pemCrc32c: bent.publicKey ? '1' : crc32c(Buffer.from(pem)),
        algorithm: algorithms[key.alg],
      },
    };
  }
  const { digest, digestCrc32c } = JSON.parse(call.body) as {
    digest: { sha256: string };
    digestCrc32c: string;
  };
  const bytes = Buffer.from(digest.sha256, 'base64');
  if (!call.url.endsWith(':asymmetricSign') || crc32c(bytes) !== digestCrc32c)
    return refusal(
      400,
      'INVALID_ARGUMENT',
      'The checksum in field digest_crc32c did not match the data in field digest.',
    );
  const signature = signDigest(key, bytes, 'der', trouble.wrong);
  return {
    status: 200,
    body: {
      name,
      signature: signature.toString('base64'),
      signatureCrc32c: bent.signature ? '1' : crc32c(signature),
      verifiedDigestCrc32c: true,
      protectionLevel: 'SOFTWARE',
    },
  };
}

const described = (name: string, key: HeldKey): Answer => ({
  status: 200,
  body: { name, state: states[key.state], algorithm: algorithms[key.alg], protectionLevel: 'SOFTWARE' },
});

const refusal = (code: number, status: string, message: string): Answer => ({
  status: code,
  body: { error: { code, status, message } },
});
