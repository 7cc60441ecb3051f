import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type CloudName, type Credentials, clouds, type Upload } from '../../src/clouds/index.ts';
import { type FakeCloud, noon, refusalOf, startFakeCloud } from './fake-cloud.ts';

const secret = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY';
/** As short as the shortest real token, and in base64. */
const sessionToken = `${Buffer.alloc(300, 'token').toString('base64')}+A==`;
const bearer: Credentials = {
  expiresAt: noon + 3_600_000,
  credentials: { access_token: `ya29.${secret}`, token_type: 'Bearer' },
};
const session: Credentials = {
  expiresAt: noon + 3_600_000,
  credentials: { access_key_id: 'ASIA1', secret_access_key: secret, session_token: sessionToken },
};
const cases: Record<CloudName, { to: string; region?: string; pass: Credentials; path: string }> = {
  aws: { to: 's3://ids/v1', region: 'eu-west-1', pass: session, path: '/ids/v1/t/ten_1/jwks' },
  azure: {
    to: 'https://acme.blob.core.windows.net/$web/v1',
    pass: bearer,
    path: '/acme/%24web/v1/t/ten_1/jwks',
  },
  gcp: { to: 'gs://ids/v1', pass: bearer, path: '/ids/v1/t/ten_1/jwks' },
};
const names = Object.keys(cases) as CloudName[];

let cloud: FakeCloud;
beforeEach(async () => {
  cloud = await startFakeCloud();
});
afterEach(() => cloud.close());

const deposit = (name: CloudName, milliseconds = 30_000): Upload => {
  const { to, region, pass } = cases[name];
  return {
    location: { to, region, endpoint: cloud.origin },
    path: 't/ten_1/jwks',
    body: '{"keys":[]}',
    contentType: 'application/json',
    cacheControl: 'public, max-age=300',
    credentials: pass,
    now: () => noon,
    signal: AbortSignal.timeout(milliseconds),
  };
};
const put = (name: CloudName, milliseconds?: number) =>
  clouds[name].objectStore!.put(deposit(name, milliseconds));
const xml = (code: string, message: string) =>
  `<?xml version="1.0"?><Error><Code>${code}</Code><Message>${message}</Message></Error>`;

describe.each(names)('an upload to a bucket of %s', (name) => {
  test('sends the document once, with its content type and cache control', async () => {
    cloud.answers = [{ status: 201, body: '' }];
    await put(name);
    expect(cloud.asked).toEqual([
      { method: 'PUT', path: cases[name].path, headers: expect.any(Object), body: '{"keys":[]}' },
    ]);
    const headers = cloud.asked[0]?.headers ?? {};
    expect(headers['content-type']).toBe('application/json');
    expect(
      headers['cache-control'] === undefined ? headers['x-ms-blob-cache-control'] : headers['cache-control'],
    ).toBe('public, max-age=300');
    expect(headers.authorization).toMatch(
      name === 'aws' ? /^AWS4-HMAC-SHA256 Credential=ASIA1\// : /^Bearer ya29/,
    );
  });

  test('makes three attempts during a transient error', async () => {
    cloud.answers = [{ status: 503, body: xml('InternalError', 'Try again.') }];
    expect((await refusalOf(put(name))).code).toBe('cloud_unavailable');
    expect(cloud.asked).toHaveLength(3);
  });

  test('succeeds if the second attempt succeeds', async () => {
    cloud.answers = ['cut', { status: 200, body: '' }];
    await put(name);
    expect(cloud.asked).toHaveLength(2);
  });

  test('is not retried after a refusal, whose error contains no credential', async () => {
    // What was sent: the key that signs never leaves.
    const { credentials } = cases[name].pass;
    const sent = 'session_token' in credentials ? credentials.session_token : credentials.access_token;
    cloud.answers = [{ status: 403, body: xml('SomethingElse', `You sent ${sent}`) }];
    const refusal = await refusalOf(put(name));
    expect(refusal.code).toBe('cloud_answer_unknown');
    expect(cloud.asked).toHaveLength(1);
    expect(refusal.message).not.toContain(sent.slice(0, 40));
  });

  test('ends at its deadline', async () => {
    cloud.answers = ['silent'];
    expect((await refusalOf(put(name, 300))).code).toBe('cloud_timeout');
  });
});
