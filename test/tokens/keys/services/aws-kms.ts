/** A fake AWS KMS: JSON 1.1, X-Amz-Target, signed requests, signatures in DER, errors in the real shapes. */
import { randomUUID } from 'node:crypto';
import { isSignedBy, parseAuthorization } from '../../../../src/sandbox/aws/sigv4.ts';
import { type HeldKey, newKey, signDigest } from './held-keys.ts';
import { type Answer, type Call, localService, type Trouble } from './local-service.ts';

export const awsCredentials = {
  accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
  secretAccessKey: 'kms-test-secret-access-key',
};
export const awsSessionToken = 'kms-test-session-token';
const region = 'eu-central-1';

export async function awsKmsService() {
  const keys = new Map<string, HeldKey>();
  const service = await localService('application/x-amz-json-1.1', (call, trouble) => {
    const authorization = parseAuthorization(call.headers.authorization ?? '');
    const query = new URLSearchParams();
    const headers = call.headers as Record<string, string>;
    const request = {
      ...call,
      path: call.url,
      rawUrl: call.url,
      query,
      headers,
      body: Buffer.from(call.body),
    };
    if (
      authorization?.service !== 'kms' ||
      authorization.region !== region ||
      call.headers['x-amz-security-token'] !== awsSessionToken ||
      !isSignedBy(awsCredentials.secretAccessKey, authorization, request as never)
    )
      return refusal(
        'InvalidSignatureException',
        `The request signature we calculated does not match. The Canonical String for this request should have been 'POST\\n/\\n\\nx-amz-security-token:${awsSessionToken}'`,
      );
    return perform(keys, call, trouble);
  });
  return {
    ...service,
    keys,
    region,
    set: (reference: string, state: HeldKey['state']) => {
      keys.get(reference)!.state = state;
    },
  };
}

const specs = { RSA_2048: 'RS256', ECC_NIST_P256: 'ES256' } as const;
const algorithms = { RS256: 'RSASSA_PKCS1_V1_5_SHA_256', ES256: 'ECDSA_SHA_256' };
const user = 'arn:aws:sts::111122223333:assumed-role/sojourn/i-1';

function perform(keys: Map<string, HeldKey>, call: Call, trouble: Trouble): Answer {
  const operation = /^TrentService\.(\w+)$/.exec(String(call.headers['x-amz-target']))?.[1];
  const input = JSON.parse(call.body) as Record<string, unknown>;
  const arn = String(input.KeyId);
  if (
    call.method !== 'POST' ||
    call.url !== '/' ||
    call.headers['content-type'] !== 'application/x-amz-json-1.1'
  )
    return refusal('SerializationException', 'not JSON 1.1');
  if (trouble.throttled-- > 0)
    return refusal(
      'ThrottlingException',
      'You have exceeded the rate at which you may call KMS. Reduce the frequency of your calls.',
    );
  trouble.throttled = Math.max(0, trouble.throttled);
  if (trouble.denied) {
    const action = `is not authorized to perform: kms:${operation}`;
    return refusal(
      'AccessDeniedException',
      `User: ${user} ${action} on resource: ${arn} because no identity-based policy allows the kms:${operation} action`,
    );
  }
  if (operation === 'CreateKey') {
    const { KeySpec, KeyUsage, Description, Tags } = input as Record<string, string>;
    const alg = specs[KeySpec as keyof typeof specs];
    if (!alg || KeyUsage !== 'SIGN_VERIFY' || !Description || !Array.isArray(Tags))
      return refusal('ValidationException', 'not what this service of the tests makes');
    const made = `arn:aws:kms:${region}:111122223333:key/${randomUUID()}`;
    keys.set(made, newKey(alg));
    return {
      status: 200,
      body: { KeyMetadata: { Arn: made, KeyId: made.split('/')[1], KeySpec, KeyUsage, KeyState: 'Enabled' } },
    };
  }
  const key = keys.get(arn);
  if (!key) return refusal('NotFoundException', `Key '${arn}' does not exist`);
  if (operation === 'GetPublicKey') {
    const PublicKey = key.publicKey.export({ format: 'der', type: 'spki' }).toString('base64');
    return { status: 200, body: { KeyId: arn, KeyUsage: 'SIGN_VERIFY', PublicKey } };
  }
  if (key.state === 'disabled') return refusal('DisabledException', `${arn} is disabled.`);
  if (key.state === 'removed') return refusal('KMSInvalidStateException', `${arn} is pending deletion.`);
  if (
    operation !== 'Sign' ||
    input.MessageType !== 'DIGEST' ||
    input.SigningAlgorithm !== algorithms[key.alg]
  )
    return refusal('InvalidKeyUsageException', '');
  const signature = signDigest(key, Buffer.from(String(input.Message), 'base64'), 'der', trouble.wrong);
  return {
    status: 200,
    body: { KeyId: arn, Signature: signature.toString('base64'), SigningAlgorithm: input.SigningAlgorithm },
  };
}

const refusal = (__type: string, message: string): Answer => ({
  status: 400,
  headers: { 'x-amzn-requestid': randomUUID() },
  body: { __type, message },
});
