/** The sandbox's S3 as used for mirrors, with requests signed by the AWS SDK's signer. */
import { createHash, createHmac } from 'node:crypto';
import { PutRolePolicyCommand } from '@aws-sdk/client-iam';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { SignatureV4 } from '@smithy/signature-v4';
import { XMLParser } from 'fast-xml-parser';
import { type AwsSandbox, account, sandboxTime, startAwsSandbox } from '../support/aws-sandbox.ts';

const region = 'eu-central-1';
let aws: AwsSandbox;
let keys: { accessKeyId: string; secretAccessKey: string; sessionToken: string };

class Sha256 {
  readonly #secret: Uint8Array | undefined;
  readonly #data: Uint8Array[] = [];
  constructor(secret?: Uint8Array) {
    this.#secret = secret;
  }
  update(data: string | Uint8Array) {
    this.#data.push(Buffer.from(data as string));
  }
  async digest() {
    const hash = this.#secret ? createHmac('sha256', this.#secret) : createHash('sha256');
    for (const part of this.#data) hash.update(part);
    return new Uint8Array(hash.digest());
  }
  reset() {}
}

interface RequestOptions {
  method?: string;
  body?: string;
  region?: string;
  signedAt?: number;
  keys?: typeof keys;
  /** Changes to the request after it was signed. */
  after?: (headers: Record<string, string>) => void;
}

async function sendSigned(path: string, options: RequestOptions = {}) {
  const { method = 'PUT', body = '{}', signedAt = sandboxTime * 1000 } = options;
  const url = new URL(`${aws.origin}/aws/s3/${path}`);
  const signer = new SignatureV4({
    service: 's3',
    region: options.region ?? region,
    credentials: options.keys ?? keys,
    sha256: Sha256 as never,
    uriEscapePath: false,
  });
  const request = await signer.sign(
    {
      method,
      body,
      protocol: url.protocol,
      hostname: url.hostname,
      path: url.pathname,
      headers: {
        host: url.host,
        'content-type': 'application/json',
        'cache-control': 'max-age=9',
      },
    },
    { signingDate: new Date(signedAt) },
  );
  const { host: _, ...headers } = request.headers;
  options.after?.(headers);
  return errorOf(await fetch(url, { method, headers, ...(method === 'PUT' ? { body } : {}) }));
}

async function errorOf(answer: Response) {
  const { Error: error } = new XMLParser().parse(await answer.text());
  return { status: answer.status, code: error?.Code };
}

const asOwner = (path: string, body: object) =>
  fetch(`${aws.origin}/aws/s3/${path}`, {
    method: 'PUT',
    headers: {
      authorization: `AWS4-HMAC-SHA256 Credential=${account}/20260921/${region}/s3/aws4_request, SignedHeaders=host, Signature=${'0'.repeat(64)}`,
    },
    body: JSON.stringify(body),
  });
const statement = (fields: object) => ({ Version: '2012-10-17', Statement: [fields] });
const inline = (fields: object) =>
  aws.iam.send(
    new PutRolePolicyCommand({
      RoleName: 'partner',
      PolicyName: 'publish',
      PolicyDocument: JSON.stringify(statement(fields)),
    }),
  );

async function enter(params: Record<string, string> = {}) {
  const { body } = await aws.assume(await aws.issuer.sign(aws.claims()), params);
  const credentials = new XMLParser({ parseTagValue: false }).parse(body).AssumeRoleWithWebIdentityResponse
    .AssumeRoleWithWebIdentityResult.Credentials;
  return {
    accessKeyId: credentials.AccessKeyId,
    secretAccessKey: credentials.SecretAccessKey,
    sessionToken: credentials.SessionToken,
  };
}

beforeAll(async () => {
  aws = await startAwsSandbox();
  keys = await enter();
  await asOwner('docs', {});
}, 60_000);
afterAll(() => aws.close());
beforeEach(() => inline({ Effect: 'Allow', Action: 's3:PutObject', Resource: 'arn:aws:s3:::docs/v1/*' }));

describe('S3 in the sandbox', () => {
  test('stores an object that the role may put, and serves it to everyone if the bucket policy allows it', async () => {
    expect(await sendSigned('docs/v1/jwks')).toEqual({ status: 200, code: undefined });
    const url = `${aws.origin}/aws/s3/docs/v1/jwks`;
    expect(await errorOf(await fetch(url))).toEqual({ status: 403, code: 'AccessDenied' });
    await asOwner(
      'docs?policy',
      statement({ Effect: 'Allow', Principal: '*', Action: 's3:GetObject', Resource: 'arn:aws:s3:::docs/*' }),
    );
    const answer = await fetch(url);
    expect([answer.status, await answer.text()]).toEqual([200, '{}']);
    expect([answer.headers.get('content-type'), answer.headers.get('cache-control')]).toEqual([
      'application/json',
      'max-age=9',
    ]);
  });

  const refusals: [string, string, RequestOptions, number, string][] = [
    ['an object outside the policy’s resources', 'docs/v2/jwks', {}, 403, 'AccessDenied'],
    ['a deletion that no policy allows', 'docs/v1/jwks', { method: 'DELETE', body: '' }, 403, 'AccessDenied'],
    ['a bucket that does not exist', 'none/v1/jwks', {}, 404, 'NoSuchBucket'],
    ['another region', 'docs/v1/jwks', { region: 'us-east-1' }, 400, 'AuthorizationHeaderMalformed'],
    [
      'a signature that is 16 minutes old',
      'docs/v1/jwks',
      { signedAt: (sandboxTime - 960) * 1000 },
      403,
      'RequestTimeTooSkewed',
    ],
    [
      'a header that was changed after it was signed',
      'docs/v1/jwks',
      { after: (headers) => (headers['content-type'] = 'text/html') },
      403,
      'SignatureDoesNotMatch',
    ],
    [
      'an x-amz- header that is not signed',
      'docs/v1/jwks',
      { after: (headers) => (headers['x-amz-acl'] = 'public-read') },
      403,
      'AccessDenied',
    ],
    [
      'a body with another hash',
      'docs/v1/jwks',
      { after: (headers) => (headers['x-amz-content-sha256'] = '0'.repeat(64)) },
      400,
      'XAmzContentSHA256Mismatch',
    ],
    [
      'the token of another session',
      'docs/v1/jwks',
      { after: (headers) => (headers['x-amz-security-token'] = 'x') },
      400,
      'InvalidToken',
    ],
  ];
  test.each(refusals)('refuses %s', async (_, path, options, status, code) => {
    expect(await sendSigned(path, options)).toEqual({ status, code });
  });

  test('applies a Deny of the role policy and of the session policy before any Allow', async () => {
    const policy = { Effect: 'Allow', Action: 's3:GetObject', Resource: '*' };
    const narrow = await enter({ Policy: JSON.stringify(statement(policy)) });
    expect(await sendSigned('docs/v1/jwks', { keys: narrow })).toEqual({ status: 403, code: 'AccessDenied' });
    const managed = await enter({ 'PolicyArns.member.1.arn': 'arn:aws:iam::aws:policy/ReadOnlyAccess' });
    expect(await sendSigned('docs/v1/jwks', { keys: managed })).toEqual({
      status: 403,
      code: 'AccessDenied',
    });
    await inline({ Effect: 'Deny', Action: 's3:*', Resource: '*' });
    expect(await sendSigned('docs/v1/jwks')).toEqual({ status: 403, code: 'AccessDenied' });
  });
});
