/** Google Cloud KMS, through its REST API v1. The reference of a key is the name of a version of the configured key. */
import { createHash, createPublicKey } from 'node:crypto';
import { z } from 'zod';
import { sleep } from '../../../platform/time/index.ts';
import { AccessTokenSource } from '../service/access-token.ts';
import type { KeyService } from '../service/contract.ts';
import { refused, unavailable } from '../service/faults.ts';
import { serviceBackend } from '../service/index.ts';
import { callWithToken } from '../service/rest.ts';
import { rawSignature } from '../service/signature.ts';
import { type BackendSettings, type OpenBackend, required } from '../settings.ts';
import { crc32c } from './crc32c.ts';
import { explain } from './explain.ts';
import { metadataToken } from './metadata.ts';

const name = 'Google Cloud KMS';
const versionName =
  /^projects\/[^/?#]+\/locations\/[^/?#]+\/keyRings\/[\w-]+\/cryptoKeys\/[\w-]+\/cryptoKeyVersions\/\d+$/;
const algorithms = { RS256: 'RSA_SIGN_PKCS1_2048_SHA256', ES256: 'EC_SIGN_P256_SHA256' } as const;

/** KMS generates a new version in the background; an RSA key takes some seconds. */
const pollMs = 300;

const versionSchema = z.object({ name: z.string(), state: z.string(), algorithm: z.string() });
const publicKeySchema = z.object({ pem: z.string(), pemCrc32c: z.string() });
const signatureSchema = z.object({
  name: z.string(),
  signature: z.base64(),
  signatureCrc32c: z.string(),
  verifiedDigestCrc32c: z.literal(true),
});

export const gcpKms: OpenBackend = async ({ gcp_kms: settings }, context) => {
  const tokens = new AccessTokenSource(metadataToken(settings.metadata_endpoint, context.now), context.now);
  return serviceBackend(gcpService(settings, tokens), context);
};

function gcpService(settings: BackendSettings['gcp_kms'], tokens: AccessTokenSource): KeyService {
  const base = `${settings.endpoint ?? 'https://cloudkms.googleapis.com'}/v1`;
  const keyRing = required(settings.key_ring, 'keys.gcp_kms.key_ring');

  const call = <T>(
    method: 'GET' | 'POST',
    path: string,
    schema: z.ZodType<T>,
    signal: AbortSignal,
    body?: unknown,
  ): Promise<T> =>
    callWithToken(tokens, {
      service: name,
      method,
      url: `${base}/${path}`,
      signal,
      schema,
      body,
      refusal: explain,
    });

  return {
    name,
    // At 20 ms or more a call, 32 calls at once exceed the quota of HSM keys, 3,000 signatures a minute, many times over.
    maxConcurrency: 32,
    isReference: (reference) => versionName.test(reference),

    async create(alg, signal) {
      const keyName =
        alg === 'RS256'
          ? required(settings.rsa_key, 'keys.gcp_kms.rsa_key')
          : required(settings.ec_key, 'keys.gcp_kms.ec_key');
      const path = `${keyRing}/cryptoKeys/${keyName}/cryptoKeyVersions`;
      let version = await call('POST', path, versionSchema, signal, {});
      if (version.algorithm !== algorithms[alg]) {
        throw refused(`${name}: ${keyName} has the algorithm ${version.algorithm}, not ${algorithms[alg]}`);
      }
      while (version.state === 'PENDING_GENERATION') {
        await sleep(pollMs, signal);
        version = await call('GET', version.name, versionSchema, signal);
      }
      if (version.state !== 'ENABLED') throw refused(`${name}: ${version.name} is ${version.state}`);
      return version.name;
    },

    async publicKey(reference, signal) {
      const { pem, pemCrc32c } = await call('GET', `${reference}/publicKey`, publicKeySchema, signal);
      if (crc32c(Buffer.from(pem)) !== pemCrc32c) throw corrupted(`the public key of ${reference}`);
      return createPublicKey(pem);
    },

    async sign(reference, alg, data, signal) {
      const digest = createHash('sha256').update(data).digest();
      const answer = await call('POST', `${reference}:asymmetricSign`, signatureSchema, signal, {
        digest: { sha256: digest.toString('base64') },
        digestCrc32c: crc32c(digest),
      });
      const bytes = Buffer.from(answer.signature, 'base64');
      if (answer.name !== reference || crc32c(bytes) !== answer.signatureCrc32c)
        throw corrupted(`a signature by ${reference}`);
      const signature = alg === 'ES256' ? rawSignature(bytes) : bytes;
      if (!signature) throw corrupted(`a signature by ${reference}`);
      return signature;
    },
  };
}

const corrupted = (what: string) => unavailable(`${name}: ${what} was corrupted in transit`);
