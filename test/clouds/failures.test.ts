import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type CloudName, clouds, type Entry } from '../../src/clouds/index.ts';
import type { SojournError } from '../../src/platform/errors/index.ts';
import { type FakeCloud, json, noon, refusalOf, startFakeCloud, tokenNumber, visitTo } from './fake-cloud.ts';
import { awsFault, awsPass, azurePass, federatedPass } from './outside.ts';
import { keep } from './target-arrange.ts';

type Answer = FakeCloud['answers'][number];

const xml = (status: number, body: string): Answer => ({
  status,
  body,
  headers: { 'content-type': 'text/xml' },
});
const aws = (status: number, code: string, message = 'Some words.') => xml(status, awsFault(code, message));
const azure = (status: number, code: number, error = 'invalid_client') =>
  json(status, { error, error_description: `AADSTS${code}: Some words.`, error_codes: [code] });
const gcp = (status: number, error: string, error_description = 'Some words.') =>
  json(status, { error, error_description });
const google = (status: number, code: string, message = 'Some words.') =>
  json(status, { error: { code: status, status: code, message } });

const guid = '8d6c2f6e-1f0b-4e7e-9d3b-0a1b2c3d4e5f';
const role_arn = 'arn:aws:iam::111122223333:role/vendor';
const pool = { project_number: '123456789012', pool_id: 'vendor-pool', provider_id: 'vendor' };
const targets = {
  aws: { role_arn },
  azure: { tenant_id: guid, client_id: guid },
  gcp: pool,
};
const good: Record<CloudName, Answer> = {
  aws: xml(200, awsPass()),
  azure: json(200, azurePass),
  gcp: json(200, federatedPass),
};
const names = ['aws', 'azure', 'gcp'] as const;
const destination = (name: CloudName): Entry => clouds[name].entry(keep(name, targets[name]));
const toAccount = clouds.gcp.entry(
  keep('gcp', { ...pool, service_account: 'deployer@acme-prod.iam.gserviceaccount.com' }),
);

let cloud: FakeCloud;
beforeEach(async () => {
  cloud = await startFakeCloud();
});
afterEach(() => cloud.close());

/** The result of an exchange: the number of requests and signed tokens, and the error. */
async function outcomeOf(entered: Entry, milliseconds?: number) {
  const visit = visitTo(cloud.origin, milliseconds);
  const { code, status, retryAfter, message } = await refusalOf(entered.exchange(visit));
  return { code, status, retryAfter, message, asked: cloud.asked.length, minted: visit.minted() };
}

describe('a transient error', () => {
  test.each<[CloudName, string, Answer]>([
    ['aws', 'Throttling', aws(400, 'Throttling', 'Rate exceeded')],
    ['aws', 'a 429', aws(429, 'TooManyRequests')],
    ['aws', 'InternalFailure', aws(500, 'InternalFailure')],
    ['aws', 'ServiceUnavailable', aws(503, 'ServiceUnavailable')],
    ['aws', 'IDPCommunicationError', aws(400, 'IDPCommunicationError')],
    [
      'aws',
      'a key that STS could not fetch',
      aws(400, 'InvalidIdentityToken', "Couldn't retrieve verification key from your identity provider"),
    ],
    ['azure', 'a 408', { status: 408, body: '' }],
    ['azure', 'a 400 with a transient code', azure(400, 90033, 'temporarily_unavailable')],
    ['aws', 'a page of a proxy', { status: 502, body: '<html>Bad Gateway' }],
    ['aws', 'a cut connection', 'cut'],
    ['azure', 'a 429', azure(429, 90055, 'temporarily_unavailable')],
    ['azure', 'a 503', azure(503, 90033, 'temporarily_unavailable')],
    ['azure', 'a 500 without words', { status: 500, body: '' }],
    ['azure', 'a cut connection', 'cut'],
    ['gcp', 'quota_exceeded', gcp(429, 'quota_exceeded')],
    ['gcp', 'INTERNAL', google(500, 'INTERNAL')],
    ['gcp', 'UNAVAILABLE', google(503, 'UNAVAILABLE')],
    ['gcp', 'a cut connection', 'cut'],
  ])('of %s, %s, is retried twice with the same token', async (name, _, fault) => {
    cloud.answers = [fault, fault, good[name]];
    const visit = visitTo(cloud.origin);
    expect((await destination(name).exchange(visit)).expiresAt).toBeGreaterThan(noon);
    expect({ asked: cloud.asked.length, minted: visit.minted() }).toEqual({ asked: 3, minted: 1 });
    expect(new Set(cloud.asked.map(({ body }) => body)).size).toBe(1);

    cloud.answers = [fault];
    const again = visitTo(cloud.origin);
    await refusalOf(destination(name).exchange(again));
    expect({ asked: cloud.asked.length, minted: again.minted() }).toEqual({ asked: 6, minted: 1 });
  });

  test('of Google IAM Credentials is retried there only', async () => {
    cloud.answers = [json(200, federatedPass), google(503, 'UNAVAILABLE'), 'cut', google(500, 'INTERNAL')];
    const outcome = await outcomeOf(toAccount);
    expect(outcome).toMatchObject({ code: 'cloud_unavailable', asked: 4, minted: 1 });
    expect(cloud.asked.map(({ path }) => path.split(':')[1])).toEqual([
      undefined,
      ...Array.from({ length: 3 }, () => 'generateAccessToken'),
    ]);
  });

  test('with a Retry-After of more than a second is returned to the caller', async () => {
    const wait = { 'retry-after': '30' };
    cloud.answers = [json(429, { error: 'quota_exceeded', error_description: 'Slow.' }, wait)];
    expect(await outcomeOf(destination('gcp'))).toEqual({
      code: 'cloud_throttled',
      status: 503,
      retryAfter: 30,
      message: 'The token service is throttling. Google Cloud says quota_exceeded: Slow.',
      asked: 1,
      minted: 1,
    });
  });

  test.each([
    ['aws', aws(400, 'Throttling', 'Rate exceeded'), 'cloud_throttled', 1],
    ['aws', aws(503, 'ServiceUnavailable'), 'cloud_unavailable', 5],
    ['aws', 'cut', 'cloud_unavailable', 5],
    ['aws', aws(400, 'IDPCommunicationError'), 'cloud_issuer_unreachable', undefined],
    ['azure', azure(429, 90055), 'cloud_throttled', 1],
    ['gcp', google(500, 'INTERNAL'), 'cloud_unavailable', 5],
  ] as const)('of %s that persists is reported with its own code', async (name, fault, code, retryAfter) => {
    cloud.answers = [fault];
    expect(await outcomeOf(destination(name))).toMatchObject({ code, retryAfter, asked: 3 });
  });
});

describe('a refusal by the cloud', () => {
  test.each<[CloudName, Answer, string]>([
    ['aws', aws(403, 'AccessDenied'), 'cloud_trust_refused'],
    ['aws', aws(400, 'InvalidIdentityToken'), 'cloud_token_rejected'],
    ['aws', aws(403, 'IDPRejectedClaim'), 'cloud_token_rejected'],
    ['aws', aws(403, 'RegionDisabledException'), 'cloud_region_disabled'],
    ['aws', aws(400, 'ValidationError'), 'cloud_request_invalid'],
    ['aws', aws(400, 'MalformedPolicyDocument'), 'cloud_request_invalid'],
    ['aws', aws(400, 'PackedPolicyTooLarge'), 'cloud_request_invalid'],
    [
      'aws',
      aws(500, 'InternalFailure', 'Unknown error validating third-party token'),
      'cloud_token_rejected',
    ],
    ['azure', azure(401, 700213), 'cloud_subject_mismatch'],
    ['azure', azure(400, 700016, 'unauthorized_client'), 'cloud_target_not_found'],
    ['azure', azure(400, 50166), 'cloud_issuer_unreachable'],
    ['gcp', gcp(400, 'invalid_target'), 'cloud_target_not_found'],
    ['gcp', gcp(400, 'invalid_grant', 'Unable to verify the ID Token signature.'), 'cloud_key_unknown'],
  ])('%s is not retried: %j', async (name, answer, code) => {
    cloud.answers = [answer];
    expect(await outcomeOf(destination(name))).toMatchObject({ code, asked: 1, minted: 1 });
  });

  test('of Google IAM Credentials is not retried', async () => {
    cloud.answers = [json(200, federatedPass), google(403, 'PERMISSION_DENIED')];
    expect(await outcomeOf(toAccount)).toMatchObject({ code: 'cloud_permission_denied', asked: 2 });
  });
});

describe('a token that expired on its way to STS', () => {
  const expired = aws(400, 'ExpiredTokenException', 'Token expired: current date/time 1 must be before 0');
  const sessions = () =>
    cloud.asked.map(({ body }) => {
      const form = new URLSearchParams(body);
      return [form.get('RoleSessionName'), form.get('WebIdentityToken')];
    });

  test('is replaced by a fresh token', async () => {
    cloud.answers = [expired, good.aws];
    expect((await destination('aws').exchange(visitTo(cloud.origin))).expiresAt).toBe(noon + 3_600_000);
    expect(sessions()).toEqual(
      [1, 2].map((count) => [`con_01jd0000000000000000000000-jti_${count}`, tokenNumber(count).token]),
    );
  });

  test('counts as one of the three attempts', async () => {
    const fault = aws(503, 'ServiceUnavailable');
    cloud.answers = [fault, expired, fault];
    expect(await outcomeOf(destination('aws'))).toMatchObject({
      code: 'cloud_unavailable',
      asked: 3,
      minted: 2,
    });
  });

  test('is replaced only once', async () => {
    cloud.answers = [expired];
    expect(await outcomeOf(destination('aws'))).toMatchObject({
      code: 'cloud_token_time',
      asked: 2,
      minted: 2,
    });
  });
});

describe('a cloud that does not finish its response', () => {
  test.each(names.flatMap((name) => (['silent', 'drip'] as const).map((way) => [name, way] as const)))(
    'causes cloud_timeout: %s, %s',
    async (name, way) => {
      cloud.answers = [way];
      expect(await outcomeOf(destination(name), 300)).toEqual({
        code: 'cloud_timeout',
        status: 504,
        retryAfter: undefined,
        message: expect.stringMatching(/^(127\.0\.0\.1:\d+|STS) did not answer in time\.$/),
        asked: 1,
        minted: 1,
      });
    },
  );

  test('is reported with its last error if the deadline passes between two attempts', async () => {
    cloud.answers = [azure(503, 90033)];
    const { code, asked } = await outcomeOf(destination('azure'), 40);
    expect({ code, asked }).toEqual({ code: 'cloud_unavailable', asked: 1 });
  });
});

describe('an unusable response', () => {
  const large = 'x'.repeat(300 * 1024);
  const moved: Answer = { status: 302, body: '', headers: { location: 'http://127.0.0.1:1/elsewhere' } };
  const strange: [string, Answer][] = [
    ['too large', { status: 200, body: large }],
    ['too large and a refusal', { status: 400, body: large }],
    [
      'a page',
      { status: 200, body: '<html><body>Sign in</body></html>', headers: { 'content-type': 'text/html' } },
    ],
    ['empty', { status: 200, body: '' }],
    ['cut off', { status: 200, body: '{"access_token":"x"' }],
    ['a list', json(200, [])],
    ['null', json(200, null)],
    ['without its fields', json(200, {})],
    ['a redirect', moved],
    ['a redirect for ever', { ...moved, status: 308 }],
    ['a refusal without words', { status: 400, body: '' }],
    ['a refusal in another language', json(404, { error: 7 })],
    ['a teapot', { status: 418, body: 'I am' }],
  ];
  test.each(names.flatMap((name) => strange.map(([what, answer]) => [name, what, answer] as const)))(
    'is cloud_answer_unknown and is not retried: %s, %s',
    async (name, _, answer) => {
      cloud.answers = [answer];
      expect(await outcomeOf(destination(name))).toMatchObject({ code: 'cloud_answer_unknown', asked: 1 });
    },
  );

  test.each<[CloudName, unknown, string]>([
    ['azure', { ...azurePass, access_token: 7 }, 'access_token'],
    ['azure', { ...azurePass, access_token: '' }, 'access_token'],
    ['azure', { ...azurePass, token_type: 'PoP' }, 'token_type'],
    ['azure', { ...azurePass, expires_in: '3599' }, 'expires_in'],
    ['azure', { ...azurePass, expires_in: -1 }, 'expires_in'],
    ['azure', { token_type: 'Bearer' }, 'access_token, expires_in'],
    ['gcp', { ...federatedPass, token_type: 'N_A' }, 'token_type'],
    ['gcp', { ...federatedPass, expires_in: 0 }, 'expires_in'],
  ])(
    'of %s is reported with the names of invalid fields and without values: %j',
    async (name, body, fields) => {
      cloud.answers = [json(200, body)];
      const { code, message } = await outcomeOf(destination(name));
      expect({ code, message }).toEqual({
        code: 'cloud_answer_unknown',
        message: `The response of ${new URL(cloud.origin).host} has no valid ${fields}.`,
      });
    },
  );

  test.each([
    ['', 'Expiration'],
    ['tomorrow', 'Expiration'],
  ])('of STS has the expiration %j', async (expiration) => {
    cloud.answers = [xml(200, awsPass(expiration))];
    expect(await outcomeOf(destination('aws'))).toMatchObject({ code: 'cloud_answer_unknown', asked: 1 });
  });

  test.each([{ expireTime: 'soon' }, { expireTime: undefined }, { accessToken: '' }])(
    'of Google IAM Credentials has %j',
    async (part) => {
      const body = { accessToken: 'ya29.account', expireTime: '2026-11-23T13:00:00Z', ...part };
      cloud.answers = [json(200, federatedPass), json(200, body)];
      expect(await outcomeOf(toAccount)).toMatchObject({ code: 'cloud_answer_unknown', asked: 2 });
    },
  );
});

describe('an answer that the API of the cloud did not write', () => {
  const page = '<html><head><title>Blocked</title></head><body><p>Access denied<br></body></html>';
  const html = { 'content-type': 'text/html; charset=utf-8' };
  const answers: [string, Answer, string, number][] = [
    ['407 with a page', { status: 407, body: page, headers: html }, 'cloud_unavailable', 1],
    ['407 without a body', { status: 407, body: '' }, 'cloud_unavailable', 1],
    ['403 with a page', { status: 403, body: page, headers: html }, 'cloud_unavailable', 1],
    [
      '403 with a page that is no XML',
      { status: 403, body: '<!DOCTYPE html><p>no & <br>', headers: html },
      'cloud_unavailable',
      1,
    ],
    ['403 with plain words', { status: 403, body: 'Blocked by policy.' }, 'cloud_unavailable', 1],
    ['403 in JSON', json(403, { reason: 'blocked' }), 'cloud_unavailable', 1],
    ['403 in JSON with an error', json(403, { error: 'blocked' }), 'cloud_unavailable', 1],
    ['502 with a page', { status: 502, body: page, headers: html }, 'cloud_unavailable', 3],
    ['404 with a page', { status: 404, body: page, headers: html }, 'cloud_unavailable', 1],
    ['404 with plain words', { status: 404, body: 'Not found' }, 'cloud_answer_unknown', 1],
    [
      '302',
      { status: 302, body: page, headers: { ...html, location: 'http://127.0.0.1:1/' } },
      'cloud_unavailable',
      1,
    ],
  ];
  const labels = /AWS says|Azure says|Google Cloud says|XML|@aws-sdk|\$response/;

  test.each(names.flatMap((name) => answers.map(([what, ...rest]) => [name, what, ...rest] as const)))(
    'is not presented as an answer of %s: %s',
    async (name, _, answer, code, asked) => {
      cloud.answers = [answer];
      const { message, ...outcome } = await outcomeOf(destination(name));
      expect(outcome).toMatchObject({ code, asked, minted: 1 });
      expect(message).not.toMatch(labels);
      expect(message).toMatch(
        /^127\.0\.0\.1(:\d+)? answered with status \d{3} and (a web page|something else than an error of its API); a proxy or firewall may have answered in its place\.$/,
      );
    },
  );

  test('does not pass for a token that Google accepts', async () => {
    cloud.answers = [{ status: 403, body: page, headers: html }];
    const credentials = { access_token: 'ya29.x', token_type: 'Bearer' } as const;
    expect(
      await refusalOf(destination('gcp').identify({ expiresAt: 0, credentials }, visitTo(cloud.origin))),
    ).toMatchObject({ code: 'cloud_unavailable' });
  });
});

describe('a cloud that echoes secrets', () => {
  const { token } = tokenNumber(1);
  const secret = `FwoGZXIvYXdz//${'Ab1+/'.repeat(30)}==`;
  const echoes: [string, string][] = [
    ['the token', `bad token ${token}, sorry`],
    ['the form', `bad form client_assertion=${token}&scope=x`],
    ['the token in pieces', `bad token ${token.slice(0, 40)}\r\n ${token.slice(40)}`],
    ['the token cut off', `bad token ${token.slice(0, -20)}…`],
    ['an access token of Google', 'bad ya29.c.c0AY_VpZg-short'],
    ['a long secret with slashes', `bad ${secret}`],
  ];
  const answerOf: Record<CloudName, (words: string) => Answer> = {
    aws: (words) => aws(400, 'InvalidIdentityToken', words.replaceAll('&', '&amp;')),
    azure: (words) => json(401, { error: 'invalid_client', error_description: words, error_codes: [1] }),
    gcp: (words) => gcp(400, 'invalid_grant', words),
  };
  const pieces = [...token.split('.'), token.slice(40), 'c0AY_VpZg', 'Ab1+/Ab1+/'];

  /** All that could reach a caller, a log or the audit. */
  const allOf = (error: SojournError): string =>
    JSON.stringify([error.message, error.advice, error.stack, error.cause]);

  test.each(names.flatMap((name) => echoes.map(([what, words]) => [name, what, words] as const)))(
    'is redacted: %s, %s',
    async (name, _, words) => {
      cloud.answers = [answerOf[name](words)];
      const error = await refusalOf(destination(name).exchange(visitTo(cloud.origin)));
      for (const piece of pieces) expect(allOf(error)).not.toContain(piece);
      expect(error.message).toContain('bad');
    },
  );

  test.each(names)('in its error code is redacted: %s', async (name) => {
    const answers: Record<CloudName, Answer> = {
      aws: aws(400, token, 'x'),
      azure: json(400, { error: token, error_description: 'x' }),
      gcp: gcp(400, token, 'x'),
    };
    cloud.answers = [answers[name]];
    const error = await refusalOf(destination(name).exchange(visitTo(cloud.origin)));
    expect(error.code).toBe('cloud_answer_unknown');
    for (const piece of pieces) expect(allOf(error)).not.toContain(piece);
  });

  test('in Google IAM Credentials does not reveal the federated token', async () => {
    cloud.answers = [
      json(200, federatedPass),
      google(401, 'UNAUTHENTICATED', `bad ${federatedPass.access_token}`),
    ];
    const error = await refusalOf(toAccount.exchange(visitTo(cloud.origin)));
    expect(allOf(error)).not.toContain('federated"');
    expect(allOf(error)).not.toContain(federatedPass.access_token);
  });

  test('in a successful response with invalid fields reveals nothing', async () => {
    const cases: [CloudName, Answer][] = [
      ['aws', xml(200, awsPass('never'))],
      ['azure', json(200, { ...azurePass, expires_in: 'never' })],
      ['gcp', json(200, { ...federatedPass, expires_in: 'never' })],
    ];
    for (const [name, answer] of cases) {
      cloud.answers = [answer];
      const error = await refusalOf(destination(name).exchange(visitTo(cloud.origin)));
      for (const secretPart of ['secret/key+', 'session//token', 'azure-access', 'ya29'])
        expect(allOf(error)).not.toContain(secretPart);
    }
  });
});
