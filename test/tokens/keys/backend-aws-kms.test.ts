import { beforeAll, expect, test } from '@jest/globals';
import { backendSuite, failure } from './backend-suite.ts';
import { faultSuite, type ServiceBench } from './fault-suite.ts';
import { holderOpener } from './open-backend.ts';
import { serverSuite } from './server-suite.ts';
import { awsCredentials, awsKmsService, awsSessionToken } from './services/aws-kms.ts';

// The first source in the SDK's default credential chain.
beforeAll(() => {
  process.env.AWS_ACCESS_KEY_ID = awsCredentials.accessKeyId;
  process.env.AWS_SECRET_ACCESS_KEY = awsCredentials.secretAccessKey;
  process.env.AWS_SESSION_TOKEN = awsSessionToken;
});

const secrets = [awsCredentials.secretAccessKey, awsSessionToken, 'AWS4-HMAC-SHA256'];

async function bench() {
  const service = await awsKmsService();
  const keys = { backend: 'aws-kms', aws_kms: { region: service.region, endpoint: service.origin } };
  const { open, logged, close } = holderOpener(keys);
  return {
    keys,
    service,
    open,
    logged,
    secrets,
    words: {
      disabled: 'AWS KMS: DisabledException: KEY is disabled.',
      removed: 'AWS KMS: KMSInvalidStateException: KEY is pending deletion.',
      denied:
        'AWS KMS: AccessDeniedException: User: arn:aws:sts::111122223333:assumed-role/sojourn/i-1 is not',
    },
    end: async () => {
      await close();
      await service.stop();
    },
  } satisfies ServiceBench & { keys: Record<string, unknown> };
}

backendSuite('aws-kms', bench);
faultSuite('aws-kms', bench);
serverSuite('aws-kms', async () => {
  const { keys, service, end } = await bench();
  return { keys, secrets, end, interrupt: service.stop, reason: /ECONNREFUSED/, starts: true };
});

test('an error about rejected AWS credentials omits the message of AWS, which repeats the session token', async () => {
  const { open, logged, end } = await bench();
  const backend = await open();
  process.env.AWS_SECRET_ACCESS_KEY = 'another-secret';
  const failed = await failure((await open()).createKey('ES256'));
  process.env.AWS_SECRET_ACCESS_KEY = awsCredentials.secretAccessKey;
  expect(failed).toMatchObject({
    code: 'key_backend_unavailable',
    message:
      "The key service cannot create an ES256 key: AWS KMS: the server's own AWS credentials are missing or invalid (InvalidSignatureException).",
  });
  for (const secret of secrets)
    expect(`${logged()}${failed.message}${failed.cause?.message}`).not.toContain(secret);
  expect((await backend.createKey('ES256')).sealed).toMatch(
    /^arn:aws:kms:eu-central-1:111122223333:key\/[0-9a-f-]{36}$/,
  );
  await end();
});

test('a new key in AWS KMS has a description and tags, and signs digests only', async () => {
  const { open, service, end } = await bench();
  const { jwk } = await (await open()).createKey('RS256');
  const inputs = service.calls.map(({ headers, body }) => [headers['x-amz-target'], JSON.parse(body)]);
  const [arn] = service.keys.keys();
  expect(inputs).toEqual([
    [
      'TrentService.CreateKey',
      {
        KeySpec: 'RSA_2048',
        KeyUsage: 'SIGN_VERIFY',
        Description: 'Signs tokens of the Sojourn issuer (RS256)',
        Tags: [
          { TagKey: 'application', TagValue: 'sojourn' },
          { TagKey: 'sojourn:algorithm', TagValue: 'RS256' },
        ],
      },
    ],
    ['TrentService.GetPublicKey', { KeyId: arn }],
    [
      'TrentService.Sign',
      {
        KeyId: arn,
        Message: expect.stringMatching(/^[A-Za-z0-9+/]{43}=$/),
        MessageType: 'DIGEST',
        SigningAlgorithm: 'RSASSA_PKCS1_V1_5_SHA_256',
      },
    ],
  ]);
  expect(jwk.alg).toBe('RS256');
  await end();
});
