/** Answers and addresses that must not give credentials, and how often a service is asked. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { clouds, diagnosisOf, type Entry } from '../../src/clouds/index.ts';
import { type FakeCloud, json, noon, onlyRequest, refusalOf, startFakeCloud, visitTo } from './fake-cloud.ts';

let service: FakeCloud;
beforeEach(async () => {
  service = await startFakeCloud();
});
afterEach(() => service.close());

const entryOf = (preset: string, target: object): Entry => {
  const cloud = clouds[preset];
  if (!cloud) throw new Error(`there is no preset ${preset}`);
  return cloud.entry(cloud.target.parse(target));
};
const uuid = '11111111-2222-4333-8444-555555555555';
const vault = () => entryOf('vault', { address: 'https://vault.example' });
const databricks = () =>
  entryOf('databricks', { workspace: 'https://dbc-1.cloud.databricks.com', client_id: uuid });
const anthropic = () => entryOf('anthropic', { organization_id: uuid, federation_rule_id: 'fdrl_1' });
const s3 = () => entryOf('s3-sts', { endpoint: 'https://s3.example', role_arn: 'arn:aws:iam:::role/vendor' });

const visit = (milliseconds?: number) => ({
  ...visitTo(service.origin, milliseconds),
  settings: { endpoint: service.origin },
});
const page = {
  status: 200,
  body: '<!doctype html><title>Sign in</title>',
  headers: { 'content-type': 'text/html' },
};
const oauth = { access_token: 'secret', token_type: 'Bearer', expires_in: 3600 };

describe('an answer is refused', () => {
  test.each<[string, FakeCloud['answers'][number], () => Entry, string, RegExp]>([
    ['that is a web page', page, vault, 'cloud_answer_unknown', /no valid auth\.client_token/],
    ['that is a web page instead of XML', page, s3, 'cloud_answer_unknown', /no valid/],
    [
      'that defines entities',
      { status: 200, body: '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>' },
      s3,
      'cloud_answer_unknown',
      /no valid/,
    ],
    [
      'that is too long',
      { status: 200, body: `"${'x'.repeat(300_000)}"` },
      vault,
      'cloud_answer_unknown',
      /sends more than 262144 bytes/,
    ],
    [
      'that redirects',
      { status: 307, body: '', headers: { location: 'https://evil.example/' } },
      vault,
      'cloud_answer_unknown',
      /redirects with status 307\. A token is not sent to another address/,
    ],
    [
      'with status 200 and an error inside',
      json(200, { error: { type: 'authentication_error', message: 'Authentication failed' } }),
      anthropic,
      'cloud_trust_refused',
      /The federation rule does not match/,
    ],
    [
      'with a token of another type',
      json(200, { ...oauth, token_type: 'DPoP' }),
      databricks,
      'cloud_answer_unknown',
      /no valid token_type/,
    ],
    [
      'without an expiry',
      json(200, { ...oauth, expires_in: 0 }),
      databricks,
      'cloud_answer_unknown',
      /no valid expires_in/,
    ],
    [
      'with an expiry in text',
      json(200, { ...oauth, expires_in: '3600' }),
      databricks,
      'cloud_answer_unknown',
      /no valid expires_in/,
    ],
    [
      'with a token that is no header',
      json(200, { ...oauth, access_token: 'a\nb' }),
      databricks,
      'cloud_answer_unknown',
      /no valid access_token/,
    ],
    [
      'with a member of the prototype',
      json(200, { auth: [] }),
      vault,
      'cloud_answer_unknown',
      /no valid auth\.client_token/,
    ],
    [
      'that is the page of a proxy',
      { ...page, status: 403 },
      vault,
      'cloud_unavailable',
      /a proxy or firewall may have answered/,
    ],
  ])('%s', async (_, answer, entry, code, detail) => {
    service.answers = [answer];
    const error = await refusalOf(entry().exchange(visit()));
    expect([error.code, error.message]).toEqual([code, expect.stringMatching(detail)]);
    // Neither the token nor the answer is in the error.
    expect(JSON.stringify([error.message, error.cause])).not.toMatch(/eyJ|secret/);
  });

  test('that does not end in time', async () => {
    service.answers = ['drip'];
    expect((await refusalOf(vault().exchange(visit(200)))).code).toBe('cloud_timeout');
  });
});

describe('a token is not sent', () => {
  test.each([
    ['to a host outside the preset', { workspace: 'https://databricks.evil.example', client_id: uuid }],
    [
      'to a host that only begins like one',
      { workspace: 'https://cloud.databricks.com.evil.example', client_id: uuid },
    ],
    ['to another port', { workspace: 'https://dbc-1.cloud.databricks.com:8443', client_id: uuid }],
  ])('%s', async (_, target) => {
    const { code, message } = await refusalOf(clouds.databricks!.entry(target).exchange(visit()));
    expect([code, message]).toEqual([
      'cloud_request_invalid',
      expect.stringMatching(/is not a host of Databricks/),
    ]);
    expect(service.asked).toEqual([]);
  });

  test('to a private network that the operator does not allow', async () => {
    const private10 = entryOf('vault', { address: 'https://10.0.0.8' });
    const { message } = await refusalOf(private10.exchange({ ...visit(), settings: { allow_networks: [] } }));
    expect(message).toMatch(
      /10\.0\.0\.8 resolves to 10\.0\.0\.8, which is not public and not in presets\.allow_networks/,
    );
  });
});

test('the token is in the body, not in the address or a header', async () => {
  service.answers = [json(200, { auth: { client_token: 'hvs.1', lease_duration: 60 } })];
  expect(await vault().exchange(visit())).toEqual({
    credentials: { access_token: 'hvs.1', token_type: 'Bearer' },
    expiresAt: noon + 60_000,
  });
  const { method, path, headers, body } = onlyRequest(service);
  expect([method, path, headers['content-type'], Object.keys(JSON.parse(body) as object)]).toEqual([
    'POST',
    '/v1/auth/sojourn/login',
    'application/json',
    ['role', 'jwt'],
  ]);
  expect(JSON.stringify(headers)).not.toContain('eyJ');
});

describe('XML of more than 16 KB is not parsed', () => {
  const xml = (root: string, length: number) => `${root}<!--${'x'.repeat(length - root.length - 7)}-->`;
  const credentials = (length: number) =>
    xml(
      '<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>AK</AccessKeyId><SecretAccessKey>SK</SecretAccessKey><SessionToken>ST</SessionToken><Expiration>2026-03-01T13:00:00Z</Expiration></Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>',
      length,
    );
  const expired = (length: number) => xml('<Error><Code>ExpiredToken</Code></Error>', length);

  test('the exchange reads 16384 bytes', async () => {
    service.answers = [{ status: 200, body: credentials(16_384) }];
    expect(await s3().exchange(visit())).toEqual({
      credentials: { access_key_id: 'AK', secret_access_key: 'SK', session_token: 'ST' },
      expiresAt: Date.parse('2026-03-01T13:00:00Z'),
    });
  });

  test.each([
    ['credentials of 16385 bytes', 200, credentials(16_385), 'cloud_answer_unknown'],
    ['an error of 16384 bytes', 400, expired(16_384), 'cloud_token_time'],
    ['an error of 16385 bytes', 400, expired(16_385), 'cloud_answer_unknown'],
  ])('the exchange refuses %s', async (_, status, body, code) => {
    service.answers = [{ status, body }];
    expect((await refusalOf(s3().exchange(visit()))).code).toBe(code);
  });
});

test('each attempt after an outage has a fresh token, because a service may accept a jti once', async () => {
  service.answers = [json(503, {}), json(200, { ...oauth, access_token: 'sk-ant-oat01-1' })];
  const request = visit();
  await anthropic().exchange(request);
  expect(request.minted()).toBe(2);
});

test.each([
  ['an approval that ends earlier', 1_800_000, '1800'],
  ['an approval that ends too early for the service', 60_000, '900'],
  ['an approval that ends later', 7_200_000, '3600'],
  ['no approval', undefined, '3600'],
])('the lifetime of keys follows %s', async (_, left, seconds) => {
  service.answers = [json(400, {})];
  await refusalOf(s3().exchange({ ...visit(), notAfter: left === undefined ? left : noon + left }));
  expect(new URLSearchParams(onlyRequest(service).body).get('DurationSeconds')).toBe(seconds);
});

test('an expired token is tried once more with a fresh one', async () => {
  service.answers = [json(400, { errors: ['invalid expiration time (exp) claim: token is expired'] })];
  const request = visit();
  expect((await refusalOf(vault().exchange(request))).code).toBe('cloud_token_time');
  expect([request.minted(), service.asked.length]).toEqual([2, 2]);
});

describe('the lint', () => {
  const facts = {
    issuer: 'https://id.example',
    subject: 'con_1',
    audience: 'https://vault.example',
    connection: { id: 'con_1', name: 'prod' },
    vendor: 'Vendor',
  };
  const role = {
    bound_subject: 'con_1',
    bound_audiences: ['https://vault.example'],
    bound_claims_type: 'string',
  };
  const linted = (preset: string, target: object, document: unknown, more: object = {}) => {
    const { grade, findings, corrected } = diagnosisOf(preset).lint(target, { ...facts, ...more }, document);
    return [
      grade,
      findings.map(({ rule, path }) => `${path} ${rule}`),
      corrected && (JSON.parse(corrected) as unknown),
    ];
  };

  test.each<[string, object, string, string[]]>([
    ['an exact role', role, 'A', []],
    ['no subject', { ...role, bound_subject: '' }, 'F', ['data.bound_subject bound_subject_missing']],
    ['a pattern', { ...role, bound_subject: 'con_*' }, 'F', ['data.bound_subject bound_subject_pattern']],
    [
      'globs',
      { ...role, bound_claims_type: 'glob' },
      'D',
      ['data.bound_claims_type bound_claims_type_differs'],
    ],
    [
      'another audience',
      { ...role, bound_audiences: ['other'] },
      'D',
      ['data.bound_audiences bound_audiences_differs'],
    ],
    [
      'more audiences',
      { ...role, bound_audiences: ['other', 'https://vault.example'] },
      'C',
      ['data.bound_audiences bound_audiences_others'],
    ],
  ])('of a Vault role with %s', (_, document, grade, findings) => {
    const target = { address: 'https://vault.example' };
    expect(linted('vault', target, { data: document })).toEqual([grade, findings, { data: role }]);
  });

  test('finds an account-wide policy of Databricks and a pattern in a rule of Anthropic', () => {
    const target = { workspace: 'https://dbc-1.cloud.databricks.com', client_id: uuid };
    const audience = 'https://dbc-1.cloud.databricks.com';
    expect(
      linted(
        'databricks',
        target,
        { oidc_policy: { issuer: facts.issuer, audiences: [audience] } },
        { audience },
      ),
    ).toEqual([
      'F',
      ['oidc_policy.subject subject_missing'],
      { oidc_policy: { issuer: facts.issuer, audiences: [audience], subject: 'con_1' } },
    ]);
    expect(
      linted('anthropic', {}, { match: { subject_prefix: 'con_1*', audience: facts.audience } })[0],
    ).toBe('F');
  });

  test('refuses a document of another type', () => {
    expect(() => linted('vault', {}, { Statement: [] })).toThrow('document: must be a vault-role of Vault');
    expect(() => linted('kafka', {}, {})).toThrow('cloud: kafka has no lint');
  });
});

test('a customer of OpenAI who uploads the keys postpones a rotation', () => {
  const target = { identity_provider_id: 'idp_1', service_account_id: 'user-1' };
  expect(entryOf('openai', target).uploadsKeys).toBeUndefined();
  expect(entryOf('openai', { ...target, uploaded_jwks: true }).uploadsKeys).toBe(true);
  expect(clouds.vault?.target.safeParse({ address: 'https://v', uploaded_jwks: true }).success).toBe(false);
});

describe('a target', () => {
  const faults = (preset: string, target: object) =>
    clouds[preset]?.target
      .safeParse(target)
      .error?.issues.map(({ path, message }) => `${path.join('.')} ${message}`);

  test.each<[string, object, readonly string[]]>([
    [
      'vault',
      { address: 'http://vault.example' },
      ['address must begin with https:// (http only for loopback hosts)'],
    ],
    [
      'vault',
      { address: 'https://vault.example', mount: '../sys' },
      ['mount must be the path of the auth method, such as sojourn'],
    ],
    [
      'snowflake',
      { account: "x'; DROP USER y; --" },
      ['account must be the account identifier, such as myorg-myaccount'],
    ],
    ['oidc', { audience: 'a', claims: { sub: 'admin' } }, ['claims.sub is set by Sojourn']],
    [
      'oidc',
      { audience: 'urn:sojourn:api' },
      ['audience must not begin with urn:sojourn:, which names this server'],
    ],
    ['vault', { address: 'https://a"b.example' }, ['address must be a URL such as https://host.example']],
    [
      'vault',
      { address: 'https://vault.example/a,b' },
      ['audience is missing: "https://vault.example/a,b" cannot be the audience'],
    ],
    ...['https://databricks.evil.example', 'https://evil.example/.cloud.databricks.com'].map(
      (workspace): [string, object, readonly string[]] => [
        'databricks',
        { workspace },
        [
          'workspace must be at a host of Databricks: *.cloud.databricks.com, *.cloud.databricks.us, *.gcp.databricks.com, *.azuredatabricks.net, *.databricks.azure.us, *.databricks.azure.cn',
        ],
      ],
    ),
    [
      'kubernetes',
      { server: 'https://k', certificate_authority: 'LS0t' },
      ['certificate_authority must be a certificate in PEM, or the same in base64'],
    ],
  ])('of %s %j is refused', (preset, target, expected) => {
    expect(
      faults(preset, target)?.map((text) => text.replace(/Invalid key in record/, 'is set by Sojourn')),
    ).toEqual(expected);
  });
});
