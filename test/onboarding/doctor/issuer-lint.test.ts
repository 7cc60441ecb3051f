/** `sojourn lint ISSUER` against an issuer over real https with one fault after the other. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type IssuerLint, lintIssuer } from '../../../src/onboarding/doctor/index.ts';
import { discoveryFaults, jwksFaults, urlFaults } from '../../../src/onboarding/doctor/issuer-faults.ts';
import { addressFilterFor, type EgressPolicy, fetchExternal } from '../../../src/platform/outbound/index.ts';
import { systemNow } from '../../../src/platform/time/index.ts';
import { type ForeignIssuer, type Page, startForeignIssuer } from '../../support/foreign-issuer.ts';
import { runCommand } from '../../tools/cli/arrange.ts';

let site: ForeignIssuer;
let issuer: string;
const wellKnown = '/.well-known/openid-configuration';

beforeAll(async () => {
  site = await startForeignIssuer();
});
afterAll(() => site.close());

const sound = (path: string) => ({
  issuer: site.origin + path,
  jwks_uri: `${site.origin}/jwks`,
  response_types_supported: ['id_token'],
  subject_types_supported: ['public'],
  id_token_signing_alg_values_supported: ['RS256'],
});

async function linted(
  patch: Record<string, unknown> | Page = {},
  jwks?: unknown,
  guard: EgressPolicy = { isAllowed: addressFilterFor(['127.0.0.0/8', '::1/128']), ca: site.ca },
): Promise<IssuerLint> {
  issuer = `${site.origin}/t/1`;
  site.pages[`/t/1${wellKnown}`] = typeof patch === 'function' ? patch : { ...sound('/t/1'), ...patch };
  const before = site.pages['/jwks'];
  if (jwks !== undefined) site.pages['/jwks'] = jwks;
  try {
    return await lintIssuer(issuer, systemNow, (url, signal) => fetchExternal(url, guard, signal));
  } finally {
    site.pages['/jwks'] = before;
  }
}
const trusting = () => ['--ca', site.caFile, '--allow-network', '127.0.0.0/8', '--allow-network', '::1/128'];
/** Without the check of the URL: the test's server has a port, which IAM does not accept. */
const faultsOf = ({ checks }: IssuerLint) =>
  checks
    .filter(({ name, outcome }) => name !== 'url' && outcome !== 'passed')
    .map(({ detail, affected_clouds }) => [detail, affected_clouds.join()]);

const answering =
  (status: number, headers: Record<string, string>, body = '{}'): Page =>
  (_, response) =>
    void response.writeHead(status, headers).end(body);

describe('lint of an issuer', () => {
  test('quotes neither tokens nor control characters of the documents, nor all of a long text', async () => {
    const token = `eyJhbGciOiJFUzI1NiJ9.${'a'.repeat(60)}`;
    const redirect = await linted(answering(302, { location: `https://login.example/?t=${token}` }));
    expect(faultsOf(redirect).map(([detail]) => detail)).toEqual([
      'it answers 302, a redirect to https://login.example/?t=[token]',
    ]);
    const { keys } = site.pages['/jwks'] as { keys: object[] };
    const named = (kid: string) => linted({}, { keys: [{ ...keys[0], kid, use: 'enc' }, keys[0]] });
    expect(faultsOf(await named('\u009b2J')).map(([detail]) => detail)).toEqual(['the key  2J has use enc']);
    expect(faultsOf(await named('long '.repeat(1000))).map(([detail = '']) => detail.length)).toEqual([400]);
  });

  test('accepts a correct issuer, except that AWS refuses the port of this test', async () => {
    await linted();
    const { code, out, err } = await runCommand(['lint', issuer, '--json', ...trusting()], {});
    expect({ code, err }).toEqual({ code: 1, err: '' });
    expect(JSON.parse(out)).toEqual({
      issuer,
      clouds: { aws: 'refuses', azure: 'accepts', gcp: 'accepts' },
      checks: [
        {
          name: 'url',
          outcome: 'failed',
          detail: 'it has a port',
          advice: 'Use port 443 and omit it: AWS IAM accepts no other.',
          affected_clouds: ['aws'],
        },
        {
          name: 'discovery',
          outcome: 'passed',
          detail: expect.stringMatching(/ answers in \d+ ms$/),
          advice: null,
          affected_clouds: [],
        },
        {
          name: 'jwks',
          outcome: 'passed',
          detail: expect.stringMatching(/jwks answers in/),
          advice: null,
          affected_clouds: [],
        },
      ],
    });
  }, 60_000);

  test.each<[string, Record<string, unknown> | Page, RegExp, string]>([
    [
      'names itself with a slash',
      { issuer: 'https://x/' },
      /^issuer is "https:\/\/x\/" and not /,
      'aws,azure,gcp',
    ],
    ['lacks a list', { subject_types_supported: [] }, /^subject_types_supported is missing$/, 'aws'],
    [
      'offers no RS256',
      { id_token_signing_alg_values_supported: ['ES256'] },
      /^RS256 is not listed$/,
      'azure',
    ],
    [
      'serves its keys over http',
      { jwks_uri: 'http://x/jwks' },
      /^jwks_uri is "http:\/\/x\/jwks"$/,
      'aws,azure,gcp',
    ],
    [
      'redirects',
      answering(302, { location: 'https://x/' }),
      /^it answers 302, a redirect to https:\/\/x\/$/,
      'aws,azure,gcp',
    ],
    ['answers 403', answering(403, { 'content-type': 'text/html' }), /^it answers 403$/, 'aws,azure,gcp'],
    [
      'is served as HTML',
      answering(200, { 'content-type': 'text/html' }),
      /^its content type is text\/html$/,
      'aws,azure,gcp',
    ],
    [
      'is not JSON',
      answering(200, { 'content-type': 'application/json' }, '<html>'),
      /^it is not a JSON object$/,
      'aws,azure,gcp',
    ],
    [
      'is compressed',
      answering(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' }),
      /sends a compressed response/,
      'aws,azure,gcp',
    ],
  ])('finds that it %s', async (_, patch, detail, minds) => {
    expect(faultsOf(await linted(patch))[0]).toEqual([expect.stringMatching(detail), minds]);
  });

  test('names an untrusted certificate and a private address', async () => {
    expect(
      faultsOf(await linted({}, undefined, { isAllowed: addressFilterFor(['127.0.0.0/8', '::1/128']) }))[0],
    ).toEqual([
      expect.stringMatching(
        /could not be reached\. \((DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_VERIFY_LEAF_SIGNATURE)\)$/,
      ),
      'aws,azure,gcp',
    ]);
    expect(
      faultsOf(
        await linted({}, undefined, {
          isAllowed: addressFilterFor([]),
          ca: site.ca,
          setting: '--allow-network',
        }),
      )[0],
    ).toEqual([
      expect.stringMatching(
        /resolves to (127\.0\.0\.1|::1), which is not public and not in --allow-network\.$/,
      ),
      'aws,azure,gcp',
    ]);
  });

  test('lists every fault of the keys', async () => {
    const [rsa, ec] = site.keys.map(({ publicJwk }) => ({ ...publicJwk }));
    const keys = [
      { ...rsa, key_ops: ['verify'] },
      { ...ec, kid: rsa?.kid },
    ];
    const result = await linted({}, { keys });
    expect(result.clouds).toEqual({ aws: 'refuses', azure: 'refuses', gcp: 'refuses' });
    expect(faultsOf(result)).toEqual([
      ['the key rsa has key_ops', 'aws'],
      ['two keys have the kid rsa', 'aws,azure,gcp'],
    ]);
  });

  test('prints a table with advice', async () => {
    await linted({ subject_types_supported: [] });
    const { code, out } = await runCommand(['lint', issuer, ...trusting()], {});
    expect(code).toBe(1);
    expect(out).toMatch(
      /^aws refuses, azure accepts, gcp accepts\n\nNAME +OUTCOME +AFFECTED CLOUDS +DETAIL\n/,
    );
    expect(out).toContain('→ discovery: Add it: without the three lists AWS does not read the keys.\n');
  }, 60_000);

  test('refuses arguments that are not a URL or not a network', async () => {
    expect(await runCommand(['lint', 'https://'], {})).toMatchObject({
      code: 2,
      err: 'https:// is not a URL.\n',
    });
    expect(await runCommand(['lint', 'https://x', '--allow-network', '1.2.3.4/99'], {})).toMatchObject({
      code: 2,
      err: '--allow-network must be a network such as 10.0.0.0/8, not 1.2.3.4/99.\n',
    });
  }, 60_000);
});

test.each<[string, string[]]>([
  ['https://id.example.com/t/1', []],
  ['http://id.example.com', ['it is not an https URL']],
  ['https://id.example.com:8443', ['it has a port']],
  ['https://id.example.com/', ['it ends with a slash']],
  ['https://ID.example.com', ['its host has upper-case letters']],
  ['https://id.example.com?x=1', ['it has a query or a fragment']],
  [`https://id.example.com/${'x'.repeat(250)}`, ['it is longer than 255 characters']],
])('lint reports the faults of the issuer URL %s', (url, faults) => {
  expect(urlFaults(url).map(({ problem }) => problem)).toEqual(faults);
});

test.each<[string, Record<string, unknown>, string, string]>([
  ['x5c', { x5c: ['x'] }, 'the key rsa has x5c or x5t', 'gcp'],
  ['no kid', { kid: undefined }, 'key number 1 has no kid', 'aws,azure,gcp'],
  ['an empty kid', { kid: '' }, 'key number 1 has an empty kid', 'azure,gcp'],
  ['use enc', { use: 'enc' }, 'the key rsa has use enc', 'aws,azure,gcp'],
  ['no alg', { alg: undefined }, 'the key rsa lacks use or alg', 'gcp'],
  ['private members', { d: 'x' }, 'the key rsa contains private members (d)', 'aws,azure,gcp'],
  ['a short modulus', { n: 'AQAB' }, 'the key rsa is shorter than 2048 bits or malformed', 'aws,azure,gcp'],
])('lint reports a key with %s', (_, patch, problem, clouds) => {
  const [fault] = jwksFaults([{ ...site.keys[0].publicJwk, ...patch }]);
  expect([fault?.problem, fault?.clouds.join()]).toEqual([problem, clouds]);
});

test('lint reports an empty kid beside other keys for every cloud', () => {
  const [rsa, ec] = site.keys.map(({ publicJwk }) => publicJwk);
  const faults = jwksFaults([{ ...rsa, kid: '' }, { ...ec }]);
  expect(faults.map(({ problem, clouds }) => [problem, clouds.join()])).toEqual([
    ['key number 1 has no kid', 'aws,azure,gcp'],
  ]);
});

test('lint reports a JWKS without keys, without an RSA key, and with too many keys', () => {
  const ec = { ...site.keys[1].publicJwk };
  const problemsOf = (keys: Record<string, unknown>[]) => jwksFaults(keys).map(({ problem }) => problem);
  expect(problemsOf([])).toEqual(['there is no key']);
  expect(problemsOf([ec])).toEqual(['there is no RSA key']);
  const many = (count: number) => Array.from({ length: count }, (_, kid) => ({ ...ec, kid: `k${kid}` }));
  expect(problemsOf(many(9))).toContain('there are 9 keys');
  expect(problemsOf(many(101))).toContain('there are more than 100 keys of one type');
  expect(discoveryFaults('https://x', {}).length).toBe(5);
});
