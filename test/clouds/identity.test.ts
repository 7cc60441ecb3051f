/** The identity that a cloud reports for credentials, and mismatches. */
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { type CloudName, type Credentials, clouds } from '../../src/clouds/index.ts';
import { type FakeCloud, json, onlyRequest, refusalOf, startFakeCloud, visitTo } from './fake-cloud.ts';

const guid = '8d6c2f6e-1f0b-4e7e-9d3b-0a1b2c3d4e5f';
const other = '99999999-9999-4999-8999-999999999999';
const targets = {
  aws: { role_arn: 'arn:aws:iam::111122223333:role/path/vendor', region: 'eu-central-1' },
  azure: { tenant_id: guid, client_id: guid },
  gcp: { project_number: '123456789012', pool_id: 'vendor-pool', provider_id: 'vendor' },
};

let cloud: FakeCloud;
beforeAll(async () => {
  cloud = await startFakeCloud();
});
afterAll(() => cloud.close());
beforeEach(() => {
  (cloud.asked as unknown[]).length = 0;
});

const keys: Credentials['credentials'] = {
  access_key_id: 'ASIAEXAMPLE',
  secret_access_key: 'the-secret-key',
  session_token: 'the-session-token',
};
const jwt = (claims: object) =>
  `eyJhbGciOiJSUzI1NiJ9.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.c2ln`;
const bearer = (access_token: string): Credentials['credentials'] => ({ access_token, token_type: 'Bearer' });

function identify(
  name: CloudName,
  credentials: Credentials['credentials'],
  patch: object = {},
): Promise<string> {
  const destination = clouds[name].entry(clouds[name].target.parse({ ...targets[name], ...patch }));
  return destination.identify({ expiresAt: 0, credentials }, visitTo(cloud.origin));
}
const xml = (arn: string) => ({
  status: 200,
  body: `<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>${arn}</Arn><Account>1</Account></GetCallerIdentityResult></GetCallerIdentityResponse>`,
});

test('identify calls STS with a signed request that contains no key', async () => {
  const arn = 'arn:aws:sts::111122223333:assumed-role/vendor/session';
  cloud.answers = [xml(arn)];
  expect(await identify('aws', keys)).toBe(`STS reports the session ${arn}.`);
  const { method, body, headers } = onlyRequest(cloud);
  expect([method, body]).toEqual(['POST', 'Action=GetCallerIdentity&Version=2011-06-15']);
  expect(headers.authorization).toMatch(
    /^AWS4-HMAC-SHA256 Credential=ASIAEXAMPLE\/20261123\/eu-central-1\/sts\/aws4_request, SignedHeaders=content-type;host;x-amz-content-sha256;x-amz-date;x-amz-security-token, Signature=[0-9a-f]{64}$/,
  );
  expect(JSON.stringify(headers)).not.toContain('the-secret-key');
});

test('identify calls the endpoint of the region of the connection', async () => {
  cloud.answers = [xml('arn:aws:sts::111122223333:assumed-role/vendor/session')];
  const target = clouds.aws.entry(clouds.aws.target.parse(targets.aws));
  const settings = { sts_endpoint: `${cloud.origin}/vpce/{region}` };
  await target.identify({ expiresAt: 0, credentials: keys }, { ...visitTo(cloud.origin), settings });
  expect(onlyRequest(cloud).path).toBe('/vpce/eu-central-1');
});

test.each([
  'arn:aws:sts::111122223333:assumed-role/vendor-2/session',
  'arn:aws:sts::999999999999:assumed-role/vendor/session',
  'arn:aws:sts::999999999999:assumed-role/x/111122223333:assumed-role/vendor/s',
  'arn:aws:iam::111122223333:user/vendor',
  '',
])('identify rejects the session %s, which is not of the role', async (arn) => {
  cloud.answers = [xml(arn)];
  expect(await refusalOf(identify('aws', keys))).toMatchObject({
    code: 'cloud_identity_mismatch',
    message: `STS reports the session ${arn || 'without an ARN'}, but the connection names ${targets.aws.role_arn}.`,
  });
});

test('identify reports directory and application of an access token that Resource Manager accepts', async () => {
  cloud.answers = [json(200, { value: [] })];
  const token = jwt({ tid: guid, appid: guid });
  expect(await identify('azure', bearer(token))).toBe(
    `The access token is for application ${guid} of directory ${guid}, and Resource Manager accepts it.`,
  );
  const { path, headers } = onlyRequest(cloud);
  expect([path, headers.authorization]).toEqual(['/subscriptions?api-version=2022-12-01', `Bearer ${token}`]);
});

test.each([[{ tid: other, appid: guid }], [{ tid: guid, appid: other }], [{ tid: guid, azp: other }]])(
  'identify rejects an access token with %j, which is not for the application',
  async (claims) => {
    expect(await refusalOf(identify('azure', bearer(jwt(claims))))).toMatchObject({
      code: 'cloud_identity_mismatch',
    });
    expect(cloud.asked).toEqual([]);
  },
);

test('identify only decodes an access token for another resource, and says so if it cannot', async () => {
  const scope = 'https://graph.microsoft.com/.default';
  expect(await identify('azure', bearer(jwt({ tid: guid, azp: guid })), { scope })).toMatch(
    /according to its claims\. It is not for Resource Manager, so it was not checked there\.$/,
  );
  expect(await identify('azure', bearer('opaque'), { scope })).toMatch(
    /cannot be read\. Entra issued it to the application/,
  );
  expect(cloud.asked).toEqual([]);
});

test.each<[number, string]>([
  [200, 'may see'],
  [403, 'may not see'],
])('identify accepts a token to which Google answers %d', async (status, may) => {
  cloud.answers = [json(status, { error: { status: 'PERMISSION_DENIED', message: 'No.' } })];
  expect(await identify('gcp', bearer('ya29.x'))).toBe(
    `Google accepts the token of the federated identity, which ${may} project 123456789012.`,
  );
  expect(onlyRequest(cloud).path).toBe('/v3/projects/123456789012');
});

test.each<[CloudName, Credentials['credentials'], ReturnType<typeof json>]>([
  [
    'aws',
    keys,
    { status: 403, body: '<Error><Code>InvalidClientTokenId</Code><Message>No.</Message></Error>' },
  ],
  ['azure', bearer('opaque'), json(401, { error: { code: 'InvalidAuthenticationToken', message: 'No.' } })],
  ['gcp', bearer('ya29.x'), json(401, { error: { status: 'UNAUTHENTICATED', message: 'No.' } })],
])(
  'identify reports a refusal if %s rejects its own credentials, and an outage as unavailable',
  async (name, credentials, refused) => {
    cloud.answers = [refused];
    expect(await refusalOf(identify(name, credentials))).toMatchObject({ code: 'cloud_permission_denied' });
    cloud.answers = [{ status: 503, body: '' }];
    expect(await refusalOf(identify(name, credentials))).toMatchObject({ code: 'cloud_unavailable' });
  },
);
