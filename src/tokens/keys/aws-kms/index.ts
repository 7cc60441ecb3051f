/** AWS KMS, through the AWS SDK. The reference of a key is its ARN. */
import { createHash, createPublicKey } from 'node:crypto';
import type { Algorithm } from '../../../clouds/index.ts';
import type { KeyService } from '../service/contract.ts';
import { unavailable } from '../service/faults.ts';
import { serviceBackend } from '../service/index.ts';
import { rawSignature } from '../service/signature.ts';
import { type OpenBackend, required } from '../settings.ts';
import { connect, type Kms } from './client.ts';

const name = 'AWS KMS';
const arn = /^arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key\/[A-Za-z0-9-]+$/;

const specs = { RS256: 'RSA_2048', ES256: 'ECC_NIST_P256' } as const;
const algorithms = { RS256: 'RSASSA_PKCS1_V1_5_SHA_256', ES256: 'ECDSA_SHA_256' } as const;

export const awsKms: OpenBackend = async ({ aws_kms }, context) => {
  const region = required(aws_kms.region, 'keys.aws_kms.region');
  return serviceBackend(awsService(await connect(region, aws_kms.endpoint)), context);
};

const awsService = (kms: Kms): KeyService => ({
  name,
  // At 10 to 20 ms a call, 32 calls at once exceed the account's quota of 1,000 signatures a second.
  maxConcurrency: 32,
  isReference: (reference) => arn.test(reference),

  async create(alg, signal) {
    const { KeyMetadata } = await kms.createKey(
      {
        KeySpec: specs[alg],
        KeyUsage: 'SIGN_VERIFY',
        Description: `Signs tokens of the Sojourn issuer (${alg})`,
        Tags: [
          { TagKey: 'application', TagValue: 'sojourn' },
          { TagKey: 'sojourn:algorithm', TagValue: alg },
        ],
      },
      signal,
    );
    if (!KeyMetadata?.Arn) throw invalidResponse('CreateKey');
    return KeyMetadata.Arn;
  },

  async publicKey(reference, signal) {
    const { PublicKey } = await kms.getPublicKey({ KeyId: reference }, signal);
    if (!PublicKey) throw invalidResponse('GetPublicKey');
    return createPublicKey({ key: Buffer.from(PublicKey), format: 'der', type: 'spki' });
  },

  async sign(reference, alg, data, signal) {
    const input = {
      KeyId: reference,
      // The digest, because KMS accepts at most 4,096 bytes as a message.
      Message: createHash('sha256').update(data).digest(),
      MessageType: 'DIGEST',
      SigningAlgorithm: algorithms[alg],
    } as const;
    const { Signature } = await kms.sign(input, signal);
    const signature = Signature && toJwsSignature(alg, Signature);
    if (!signature) throw invalidResponse('Sign');
    return signature;
  },

  close: async () => kms.close(),
});

const toJwsSignature = (alg: Algorithm, signature: Uint8Array): Uint8Array | undefined =>
  alg === 'ES256' ? rawSignature(signature) : signature;

const invalidResponse = (operation: string) =>
  unavailable(`${name}: the response to ${operation} is invalid`);
