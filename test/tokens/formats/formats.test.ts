import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Connection } from '../../../src/access/connections/index.ts';
import type { CloudName, Credentials } from '../../../src/clouds/index.ts';
import { SojournError } from '../../../src/platform/errors/index.ts';
import { credentialsFormats, requireFormat } from '../../../src/tokens/formats/index.ts';

/** 2026-11-23T12:00:00Z */
const noon = 1_795_435_200_000;
const expiresAt = noon + 3_600_000;

const connectionTo = (cloud: CloudName): Connection => ({
  id: 'con_01jd0000000000000000000000',
  name: 'prod',
  labels: {},
  tenant: 'ten_01jd0000000000000000000000',
  cloud,
  target: {},
  issuer: 'https://id.example.com',
  algorithm: 'RS256',
  token_ttl: null,
  verdict: 'active',
  disabled: false,
  created_at: '2026-11-23T11:00:00.000Z',
  updated_at: '2026-11-23T11:00:00.000Z',
  verified_at: '2026-11-23T11:00:00.000Z',
});

const keys = { access_key_id: 'ASIAEXAMPLE', secret_access_key: 'wJalr/+K7=', session_token: 'IQoJb3/+==' };
const full = { ...keys, account_id: '111122223333', region: 'eu-central-1' };
const token = { access_token: 'ya29.c.b0Aaek', token_type: 'Bearer' } as const;

const aws: Credentials = { expiresAt, credentials: keys };
const bearer: Credentials = { expiresAt, credentials: token };
const passTo = (cloud: CloudName) => (cloud === 'aws' ? aws : bearer);

const deliverTo = (cloud: CloudName, format: string, pass = passTo(cloud)) =>
  requireFormat(format, connectionTo(cloud))(connectionTo(cloud), pass, () => noon + 500);

const json = (value: unknown) => ({ mediaType: 'application/json', body: JSON.stringify(value) });
const text = (...lines: string[]) => ({
  mediaType: 'text/plain; charset=utf-8',
  body: lines.map((line) => `${line}\n`).join(''),
});

const whole = (cloud: CloudName, credentials: object) =>
  json({
    connection: 'con_01jd0000000000000000000000',
    cloud,
    expires_at: '2026-11-23T13:00:00.000Z',
    credentials,
  });
const bearerLines = text(
  "export CLOUD_ACCESS_TOKEN='ya29.c.b0Aaek'",
  "export CLOUD_ACCESS_TOKEN_EXPIRATION='2026-11-23T13:00:00.000Z'",
);

test.each([
  ['aws', 'json', whole('aws', keys)],
  ['azure', 'json', whole('azure', token)],
  ['gcp', 'json', whole('gcp', token)],
  [
    'aws',
    'aws-process',
    json({
      Version: 1,
      AccessKeyId: 'ASIAEXAMPLE',
      SecretAccessKey: 'wJalr/+K7=',
      SessionToken: 'IQoJb3/+==',
      Expiration: '2026-11-23T13:00:00.000Z',
    }),
  ],
  [
    'aws',
    'aws-container',
    json({
      AccessKeyId: 'ASIAEXAMPLE',
      SecretAccessKey: 'wJalr/+K7=',
      Token: 'IQoJb3/+==',
      Expiration: '2026-11-23T13:00:00.000Z',
    }),
  ],
  [
    'aws',
    'env',
    text(
      "export AWS_ACCESS_KEY_ID='ASIAEXAMPLE'",
      "export AWS_SECRET_ACCESS_KEY='wJalr/+K7='",
      "export AWS_SESSION_TOKEN='IQoJb3/+=='",
      "export AWS_CREDENTIAL_EXPIRATION='2026-11-23T13:00:00.000Z'",
    ),
  ],
  ['azure', 'env', bearerLines],
  ['gcp', 'env', bearerLines],
  ['gcp', 'gcp', json({ access_token: 'ya29.c.b0Aaek', expires_in: 3599, token_type: 'Bearer' })],
  ['azure', 'azure', json({ access_token: 'ya29.c.b0Aaek', expires_on: '1795438800', token_type: 'Bearer' })],
] as const)('credentials of %s as %s have exactly this body', (cloud, format, body) => {
  expect(deliverTo(cloud, format)).toEqual(body);
});

test.each([
  ['json', whole('aws', full).body],
  [
    'aws-process',
    JSON.stringify({
      Version: 1,
      AccessKeyId: 'ASIAEXAMPLE',
      SecretAccessKey: 'wJalr/+K7=',
      SessionToken: 'IQoJb3/+==',
      Expiration: '2026-11-23T13:00:00.000Z',
      AccountId: '111122223333',
    }),
  ],
  [
    'aws-container',
    JSON.stringify({
      AccessKeyId: 'ASIAEXAMPLE',
      SecretAccessKey: 'wJalr/+K7=',
      Token: 'IQoJb3/+==',
      Expiration: '2026-11-23T13:00:00.000Z',
      AccountId: '111122223333',
    }),
  ],
  [
    'env',
    text(
      "export AWS_ACCESS_KEY_ID='ASIAEXAMPLE'",
      "export AWS_SECRET_ACCESS_KEY='wJalr/+K7='",
      "export AWS_SESSION_TOKEN='IQoJb3/+=='",
      "export AWS_CREDENTIAL_EXPIRATION='2026-11-23T13:00:00.000Z'",
      "export AWS_ACCOUNT_ID='111122223333'",
      "export AWS_REGION='eu-central-1'",
      "export AWS_DEFAULT_REGION='eu-central-1'",
    ).body,
  ],
] as const)('AWS credentials as %s contain the account, and as env the region', (format, body) => {
  expect(deliverTo('aws', format, { expiresAt, credentials: full }).body).toBe(body);
});

describe('a format', () => {
  const refusalOf = (work: () => unknown) => {
    try {
      work();
    } catch (error) {
      if (error instanceof SojournError) return { code: error.code, faults: error.faults };
      throw error;
    }
    return 'delivered';
  };

  test('of another cloud is refused for every cloud and format', () => {
    const owner = {
      'aws-process': 'aws',
      'aws-container': 'aws',
      gcp: 'gcp',
      azure: 'azure',
      'exec-credential': 'a preset',
      delivery: 'a preset',
    } as const;
    for (const cloud of ['aws', 'azure', 'gcp'] as const) {
      for (const format of credentialsFormats) {
        const fits = !(format in owner) || owner[format as keyof typeof owner] === cloud;
        expect([cloud, format, refusalOf(() => deliverTo(cloud, format))]).toEqual([
          cloud,
          format,
          fits
            ? 'delivered'
            : {
                code: 'invalid_request',
                faults: [{ path: 'format', message: `cannot be ${format} for a connection to ${cloud}` }],
              },
        ]);
      }
    }
  });

  test.each(['', 'JSON', 'yaml', '__proto__', 'json '])('named %j is refused as unknown', (format) => {
    expect(refusalOf(() => deliverTo('aws', format))).toEqual({
      code: 'invalid_request',
      faults: [
        {
          path: 'format',
          message:
            'must be one of json, aws-process, aws-container, env, gcp, azure, exec-credential, delivery',
        },
      ],
    });
  });
});

describe('the format env in a shell', () => {
  const hostile = [
    `it's "quoted"`,
    `'; touch hacked; '`,
    '$(touch hacked)',
    '`touch hacked`',
    `$\{HOME} $HOME \\$HOME \\\\`,
    'two\nlines\n',
    '\t* ? [a-z] ~ # ! & | ; < > ( ) { }',
    "'",
    "'''",
    '',
    'ünïcode 株式会社',
  ];

  test.each(hostile)('preserves the value %j and executes nothing', (value) => {
    const pass: Credentials = {
      expiresAt,
      credentials: { access_key_id: value, secret_access_key: `a${value}`, session_token: `${value}z` },
    };
    const { body } = deliverTo('aws', 'env', pass);
    // No variable can contain NUL, so it separates the outputs.
    const script = `${body}\nprintf '%s\\0' "$AWS_ACCESS_KEY_ID" "$AWS_SECRET_ACCESS_KEY" "$AWS_SESSION_TOKEN"; ls`;
    const cwd = mkdtempSync(join(tmpdir(), 'sojourn-env-'));
    const said = execFileSync('sh', ['-eu', '-c', script], { cwd, encoding: 'utf8' });
    rmSync(cwd, { recursive: true });
    // The last part lists the folder, which must be empty.
    expect(said.split('\0')).toEqual([value, `a${value}`, `${value}z`, '']);
  });

  test('preserves hundreds of random values in one shell', () => {
    // Characters special to a shell, more often than at random.
    const unit = fc.oneof(
      fc.constantFrom(...`'"\`$\\;&|<>(){}[]*?~#! \t\n\r`),
      fc.string({ unit: 'binary', maxLength: 2 }),
    );
    const value = fc
      .array(unit, { maxLength: 30 })
      .map((parts) => parts.join(''))
      // No variable can contain NUL, and only valid UTF-8 can be passed to another process.
      .filter((text) => !text.includes('\0') && text.isWellFormed());
    fc.assert(
      fc.property(fc.array(value, { minLength: 60, maxLength: 60 }), (values) => {
        const script = values
          .map((secret) => {
            const credentials = { access_key_id: 'ASIA', secret_access_key: secret, session_token: 's' };
            const { body } = deliverTo('aws', 'env', { expiresAt, credentials });
            return `${body}\nprintf '%s\\0' "$AWS_SECRET_ACCESS_KEY"\n`;
          })
          .join('');
        const said = execFileSync('sh', ['-eu'], { input: script, encoding: 'utf8' });
        expect(said.split('\0')).toEqual([...values, '']);
      }),
      { numRuns: 4 },
    );
  });
});
