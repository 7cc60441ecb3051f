/** Which trusts are valid: those for one or a few workloads, never for other customers of the issuer. */
import { generateKeyPairSync } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createModules, faultsOf, type Modules } from '../../support/modules.ts';

let rooms: Modules;
beforeAll(async () => {
  rooms = await createModules();
});
afterAll(() => rooms.end());

const audience = 'https://id.example.com';
const make = (auth: object) =>
  rooms.clients.create({ name: 'w', auth: { method: 'federated', audience, ...auth } });
const faults = async (auth: object) =>
  (await faultsOf(() => make(auth))).map(({ path, message }) => `${path}: ${message}`);

const https = 'https://issuer.example';
const tid = '72f988bf-86f1-41af-91ab-2d7cd011db47';
const forgotten = 'must not contain *; for a pattern, write {"glob": "…"}';
const pattern =
  'must be a value without *, {"one_of": ["…"]}, or {"glob": "…"} with 3 plain characters before its first *';

describe('a platform fills in', () => {
  test('the shared issuer of GitHub and GitLab', async () => {
    const { client } = await make({
      platform: 'github',
      claims: { repository_id: '1', repository_owner_id: '2', environment: 'production' },
    });
    expect(client.auth).toEqual({
      method: 'federated',
      platform: 'github',
      audience,
      issuer: 'https://token.actions.githubusercontent.com',
      claims: { repository_id: '1', repository_owner_id: '2', environment: 'production' },
    });
    const gitlab = await make({
      platform: 'gitlab',
      claims: { project_id: '1', ref: 'v1', ref_type: 'tag' },
    });
    expect(gitlab.client.auth).toMatchObject({ issuer: 'https://gitlab.com' });
  });

  test('the account of an AWS role, and that a Google e-mail address is verified', async () => {
    const aws = await make({ platform: 'aws', issuer: https, subject: 'arn:aws:iam::123456789012:role/x' });
    expect(aws.client.auth).toMatchObject({
      claims: { '/https:~1~1sts.amazonaws.com~1/aws_account': '123456789012' },
    });
    const gcp = await make({
      platform: 'gcp',
      subject: '112010400000000710080',
      claims: { email: 'a@b.example' },
    });
    expect(gcp.client.auth).toMatchObject({
      issuer: 'https://accounts.google.com',
      claims: { email: 'a@b.example', email_verified: 'true' },
    });
  });
});

const demands: [string, object, string[]][] = [
  [
    'a GitHub repository by its name alone',
    { platform: 'github', subject: 'repo:acme/app:ref:refs/heads/main' },
    [
      'auth.claims.repository_id: must be the id in digits, exactly',
      'auth.claims.repository_owner_id: must be the id in digits, exactly',
      'auth.claims.ref: is missing; so is environment, which would do',
    ],
  ],
  [
    'a GitHub repository by a pattern',
    {
      platform: 'github',
      claims: { repository_id: { glob: '123*' }, repository_owner_id: '2', ref: 'refs/heads/main' },
    },
    ['auth.claims.repository_id: must be the id in digits, exactly'],
  ],
  [
    'any branch of a GitHub repository',
    { platform: 'github', claims: { repository_id: '1', repository_owner_id: '2' } },
    ['auth.claims.ref: is missing; so is environment, which would do'],
  ],
  [
    'a GitLab ref that may be a branch or a tag',
    { platform: 'gitlab', claims: { project_id: '1', ref: 'main' } },
    ['auth.claims.ref_type: is missing'],
  ],
  [
    'every service account of a namespace',
    { platform: 'kubernetes', issuer: https, subject: { glob: 'system:serviceaccount:prod:*' } },
    ['auth.subject: must be system:serviceaccount:NAMESPACE:NAME, exactly'],
  ],
  [
    'a Kubernetes cluster',
    { platform: 'kubernetes', issuer: https },
    ['auth.subject: must be system:serviceaccount:NAMESPACE:NAME, exactly'],
  ],
  [
    'a Kubernetes cluster without an issuer',
    { platform: 'kubernetes', subject: 'system:serviceaccount:a:b' },
    ['auth.issuer: is missing'],
  ],
  [
    'an AWS session',
    { platform: 'aws', issuer: https, subject: 'arn:aws:sts::123456789012:assumed-role/x/y' },
    ['auth.subject: must be the ARN of a role, exactly'],
  ],
  [
    'an AWS role of another account than it says',
    {
      platform: 'aws',
      issuer: https,
      subject: 'arn:aws:iam::123456789012:role/x',
      claims: { '/https:~1~1sts.amazonaws.com~1/aws_account': '999999999999' },
    },
    ['auth.claims./https:~1~1sts.amazonaws.com~1/aws_account: must be the account of the subject'],
  ],
  [
    'a Google service account by its address',
    { platform: 'gcp', subject: 'a@b.iam.gserviceaccount.com' },
    ['auth.subject: must be the unique id of the service account, in digits'],
  ],
  [
    'an Azure tenant by an issuer for all tenants',
    {
      platform: 'azure',
      issuer: 'https://login.microsoftonline.com/common/v2.0',
      claims: { tid, oid: tid },
    },
    [
      'auth.issuer: must be that of the tenant: https://login.microsoftonline.com/TID/v2.0 or https://sts.windows.net/TID/',
    ],
  ],
  [
    'everybody in an Azure tenant',
    { platform: 'azure', issuer: `https://sts.windows.net/${tid}/`, claims: { tid } },
    ['auth.claims.oid: must be a GUID in lower case, exactly'],
  ],
  [
    'a trust domain',
    {
      platform: 'spiffe',
      issuer: 'spiffe://a.example',
      subject: 'spiffe://a.example/',
      jwks_uri: `${https}/b`,
    },
    ['auth.subject: must be a SPIFFE ID with a path, exactly'],
  ],
  [
    'a SPIFFE ID of another trust domain',
    {
      platform: 'spiffe',
      issuer: 'spiffe://a.example',
      subject: 'spiffe://b.example/x',
      jwks_uri: `${https}/b`,
    },
    ['auth.issuer: must be the trust domain of the subject, as spiffe://DOMAIN'],
  ],
  [
    'a SPIFFE ID without a bundle',
    { platform: 'spiffe', issuer: 'spiffe://a.example', subject: 'spiffe://a.example/x' },
    ['auth.jwks_uri: is missing: give the URL of the trust bundle, or its keys as jwks'],
  ],
];

const open: [string, object, string[]][] = [
  ...[{}, { claims: { branch: 'main' } }].map((more): [string, object, string[]] => [
    `nobody in particular, with ${JSON.stringify(more)}`,
    { issuer: https, ...more },
    ['auth.subject: is missing; without it every workload of the issuer is admitted'],
  ]),
  ['an empty subject', { issuer: https, subject: '' }, ['auth.subject: must not be empty']],
  ['everybody', { issuer: https, subject: '*' }, [`auth.subject: ${forgotten}`]],
  [
    'everybody by a glob',
    { issuer: https, subject: { glob: '*' } },
    ['auth.subject.glob: must begin with 3 or more plain characters'],
  ],
  ['a regular expression', { issuer: https, subject: { regex: '.*' } }, [`auth.subject: ${pattern}`]],
  ...[
    'repo:*',
    'repo:acme/*',
    'repo:acme*/app',
    'system:serviceaccount:*',
    'project_path:acme/*',
    'spiffe://prod/*',
    'abc*',
  ].map((glob): [string, object, string[]] => [
    `${glob} as a subject`,
    { issuer: https, subject: { glob }, claims: { team: 'a' } },
    [
      'auth.subject: must name 3 whole segments before its *; otherwise other customers of the issuer could match',
    ],
  ]),
  [
    'a GitHub repository without the platform',
    { issuer: 'https://token.actions.githubusercontent.com', subject: 'repo:acme/app:ref:refs/heads/main' },
    [
      'auth.platform: must be github: many customers share this issuer, and its rules require the claims that distinguish them',
    ],
  ],
  [
    'claims that have fields of their own',
    { issuer: https, subject: 'a', claims: { iss: 'x', exp: '1' } },
    [
      'auth.claims.iss: cannot be set here; subject and audience have their own fields',
      'auth.claims.exp: cannot be set here; subject and audience have their own fields',
    ],
  ],
];

const plainIssuer =
  'auth.issuer: must be the exact https URL of the issuer (or spiffe://TRUST-DOMAIN), in canonical form';
const spellings = [
  'http://issuer.example',
  'https://user@issuer.example',
  'https://user:secret@issuer.example',
  'https://ISSUER.example',
  'https://issuer.example:443',
  'https://issuer.example?a=b',
  'https://issuer.example#a',
  'https://issuer.example/a/../b',
  'https://issuer.example/%61/ b',
  'https://issuer.example\\@evil.example',
  'https://issuer.example.',
  'https://0x7f.1',
  'issuer.example',
  'file:///etc/passwd',
  'javascript:alert(1)',
].map((issuer): [string, object, string[]] => [issuer, { issuer, subject: 'a' }, [plainIssuer]]);

test.each([...demands, ...open, ...spellings])(
  'the trust with %s is rejected',
  async (_title, auth, expected) => {
    expect(await faults(auth)).toEqual(expected);
  },
);

test('a * in a value or an audience is rejected, because a glob was probably intended', async () => {
  expect(await faults({ issuer: https, subject: 'a', claims: { ref: 'refs/heads/*' } })).toEqual([
    `auth.claims.ref: ${forgotten}`,
  ]);
  expect(
    await faultsOf(() =>
      rooms.clients.create({
        name: 'w',
        auth: { method: 'federated', issuer: https, subject: 'a', audience: '*' },
      }),
    ),
  ).toEqual([{ path: 'auth.audience', message: 'must be 1 to 255 characters, with no blank and no *' }]);
});

test.each([https, `${https}/`, `${https}/a/b`, `${https}:8443/a`])(
  '%s is a valid issuer and stored without changes',
  async (issuer) => {
    expect((await make({ issuer, subject: 'a' })).client.auth).toMatchObject({ issuer });
  },
);

describe('the jwks of a client', () => {
  const ec = (namedCurve: string) => generateKeyPairSync('ec', { namedCurve });
  const good = ec('P-384').publicKey.export({ format: 'jwk' });

  test('is stored with its public members only', async () => {
    const jwks = { keys: [{ ...good, kid: 'a', x5u: 'https://evil.example', use: 'sig' }] };
    expect((await make({ issuer: https, subject: 'a', jwks })).client.auth).toMatchObject({
      jwks: { keys: [{ ...good, kid: 'a', use: 'sig' }] },
    });
  });

  test('is rejected if it contains a private key or no usable key', async () => {
    const { privateKey } = ec('P-256');
    const keys = { jwks: { keys: [privateKey.export({ format: 'jwk' })] } };
    expect(await faults({ issuer: https, subject: 'a', ...keys })).toEqual([
      'auth.jwks.keys.0: contains a private key; register only the public key, and treat this one as leaked',
    ]);
    const small = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey.export({ format: 'jwk' });
    for (const key of [small, { kty: 'oct' }, { ...good, use: 'enc' }, { kty: 'EC', crv: 'P-384' }])
      expect(await faults({ issuer: https, subject: 'a', jwks: { keys: [key] } })).toEqual([
        'auth.jwks.keys: holds no public key that can verify',
      ]);
  });

  test('of the platform spiffe keeps the keys for JWT-SVIDs', async () => {
    const spiffe = { platform: 'spiffe', issuer: 'spiffe://a.example', subject: 'spiffe://a.example/x' };
    expect(await faults({ ...spiffe, jwks: { keys: [{ ...good, use: 'x509-svid' }] } })).toEqual([
      'auth.jwks.keys: holds no public key that can verify (use: jwt-svid)',
    ]);
  });

  test('cannot be combined with jwks_uri', async () => {
    expect(
      await faults({ issuer: https, subject: 'a', jwks: { keys: [good] }, jwks_uri: `${https}/jwks` }),
    ).toEqual(['auth.jwks_uri: cannot be combined with jwks']);
  });
});

describe('a change of a trust', () => {
  const github = (claims: object) => ({
    auth: {
      method: 'federated',
      platform: 'github',
      audience,
      claims: { repository_id: '7', repository_owner_id: '8', ...claims },
    },
  });

  test('can change secondary claims, but not the workload', async () => {
    const { client } = await rooms.clients.create({ name: 'w', ...github({ ref: 'refs/heads/main' }) });
    const changed = await rooms.clients.update(client.client_id, github({ environment: 'prod' }));
    expect(changed.auth).toMatchObject({ claims: { environment: 'prod' } });
    for (const other of [
      github({ ref: 'refs/heads/main', repository_id: '9' }),
      { auth: { ...github({ ref: 'x' }).auth, issuer: 'https://github.acme.example/_services/token' } },
    ])
      expect(await faultsOf(() => rooms.clients.update(client.client_id, other))).toEqual([
        { path: 'auth', message: 'must identify the same workload; create another client' },
      ]);
  });
});
