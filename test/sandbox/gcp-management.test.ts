import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { makeKey } from '../support/test-issuer.ts';
import { account, type GcpBench, number, openGcpBench, pool, project, provider } from './gcp-bench.ts';

let bench: GcpBench;
beforeEach(async () => {
  bench = await openGcpBench();
});
afterEach(() => bench.close());

const pools = `/v1/projects/${project}/locations/global/workloadIdentityPools`;
const providers = `${pools}/sojourn/providers`;
const mapping = { 'google.subject': 'assertion.sub' };
const fault = (code: number, status: string, message: unknown) => ({
  status: code,
  body: { error: { code, message, status } },
});
const create = (changes: Record<string, unknown>, id = 'another') =>
  bench.manage('POST', `${providers}?workloadIdentityPoolProviderId=${id}`, {
    attributeMapping: mapping,
    oidc: { issuerUri: 'https://id.example.com' },
    ...changes,
  });

describe('a workload identity pool and its providers in the sandbox', () => {
  test('are created by operations that are done at once, with the project number in their names', async () => {
    const expected = {
      name: `${pool}/providers/another`,
      displayName: 'Another',
      attributeMapping: mapping,
      attributeCondition: "assertion.sub == 'conn_1'",
      oidc: { issuerUri: 'https://id.example.com', allowedAudiences: ['urn:a'] },
      state: 'ACTIVE',
    };
    const { name: _, state: __, ...input } = expected;
    expect(await create(input)).toEqual({
      status: 200,
      body: {
        name: expect.stringMatching(new RegExp(`^${pool}/providers/another/operations/[0-9a-f-]{36}$`)),
        done: true,
        response: { '@type': 'type.googleapis.com/google.iam.v1.WorkloadIdentityPoolProvider', ...expected },
      },
    });
    expect(await bench.manage('GET', `/v1/${pool}/providers/another`)).toEqual({
      status: 200,
      body: expected,
    });
    const list = await bench.manage('GET', providers);
    expect(list.body.workloadIdentityPoolProviders.map((one: { name: string }) => one.name)).toEqual([
      provider,
      `${pool}/providers/another`,
    ]);
  });

  test('block a deleted name for 30 days, in which only undelete restores it', async () => {
    expect((await bench.manage('DELETE', `/v1/${provider}`)).body.response.state).toBe('DELETED');
    expect(await bench.manage('GET', providers)).toEqual({ status: 200, body: {} });
    expect(
      (await bench.manage('GET', `${providers}?showDeleted=true`)).body.workloadIdentityPoolProviders,
    ).toHaveLength(1);
    expect(await create({}, 'sojourn')).toEqual(
      fault(409, 'ALREADY_EXISTS', 'Requested entity already exists'),
    );
    expect((await bench.manage('POST', `/v1/${provider}:undelete`)).body.response.state).toBe('ACTIVE');
    await bench.manage('DELETE', `/v1/${provider}`);
    await bench.turn('/clock', { offset_seconds: 30 * 86_400 + 1 });
    expect((await create({}, 'sojourn')).status).toBe(200);
  });

  test('change only the fields of the update mask', async () => {
    await bench.manage('PATCH', `/v1/${provider}?updateMask=displayName,oidc.allowedAudiences`, {
      displayName: 'Sojourn',
      description: 'not in the mask',
      oidc: { issuerUri: 'https://not-in-the-mask.example.com', allowedAudiences: ['urn:a'] },
    });
    expect((await bench.manage('GET', `/v1/${provider}`)).body).toEqual({
      name: provider,
      displayName: 'Sojourn',
      attributeMapping: mapping,
      oidc: { issuerUri: bench.issuer.issuer, allowedAudiences: ['urn:a'] },
      state: 'ACTIVE',
    });
    expect(await bench.manage('PATCH', `/v1/${provider}`, {})).toEqual(
      fault(400, 'INVALID_ARGUMENT', 'update_mask is required.'),
    );
  });

  const oidc = (changes: Record<string, unknown>) => ({
    oidc: { issuerUri: 'https://id.example.com', ...changes },
  });
  const rows: [string, Record<string, unknown>, string | RegExp][] = [
    [
      'an issuer over http',
      { oidc: { issuerUri: 'http://id.example.com' } },
      'Invalid OIDC issuer URI. The scheme must be https.',
    ],
    ['no issuer', { oidc: {} }, 'Invalid OIDC issuer URI. The scheme must be https.'],
    [
      'a host that begins like loopback',
      { oidc: { issuerUri: 'http://127.0.0.1.example.com' } },
      'Invalid OIDC issuer URI. The scheme must be https.',
    ],
    [
      '11 audiences',
      oidc({ allowedAudiences: Array.from({ length: 11 }, (_, index) => `a${index}`) }),
      'The number of allowed audiences cannot exceed 10.',
    ],
    [
      'an audience of 257 characters',
      oidc({ allowedAudiences: ['x'.repeat(257)] }),
      'An allowed audience must have 1 to 256 characters.',
    ],
    [
      'no google.subject',
      { attributeMapping: { 'attribute.a': 'assertion.a' } },
      'The attribute mapping must include a mapping for google.subject.',
    ],
    [
      'a mapping key in upper case',
      { attributeMapping: { ...mapping, 'attribute.Team': 'assertion.team' } },
      "The attribute mapping key 'attribute.Team' is invalid.",
    ],
    [
      '51 attributes',
      {
        attributeMapping: {
          ...mapping,
          ...Object.fromEntries(
            Array.from({ length: 51 }, (_, index) => [`attribute.a${index}`, 'assertion.a']),
          ),
        },
      },
      'The number of custom attributes in the attribute mapping cannot exceed 50.',
    ],
    [
      'a mapping that is not CEL',
      { attributeMapping: { 'google.subject': 'assertion.' } },
      /^The attribute mapping expression of 'google\.subject' is invalid: /,
    ],
    [
      'a condition with unknown names',
      { attributeCondition: "claims.sub == 'a'" },
      /^The attribute condition is invalid: /,
    ],
    [
      'a condition that returns a string',
      { attributeCondition: "assertion.sub + 'a'" },
      /^The attribute condition is invalid: /,
    ],
    [
      'a condition without variables',
      { attributeCondition: 'true' },
      "The attribute condition is invalid: it must reference one of the provider's claims.",
    ],
    [
      'a condition of 4097 characters',
      { attributeCondition: `assertion.sub == '${'x'.repeat(4097)}'` },
      'The attribute condition cannot exceed 4096 characters.',
    ],
    [
      'a display name of 33 characters',
      { displayName: 'x'.repeat(33) },
      'The display name cannot exceed 32 characters.',
    ],
    [
      'a description of 257 characters',
      { description: 'x'.repeat(257) },
      'The description cannot exceed 256 characters.',
    ],
  ];
  test.each(rows)('are refused with %s', async (_, changes, message) => {
    expect(await create(changes)).toEqual(
      fault(400, 'INVALID_ARGUMENT', typeof message === 'string' ? message : expect.stringMatching(message)),
    );
  });

  test.each([
    ['abc', "The ID 'abc' is invalid. It must be 4-32 characters, and may contain the characters [a-z0-9-]."],
    [
      'Upper',
      "The ID 'Upper' is invalid. It must be 4-32 characters, and may contain the characters [a-z0-9-].",
    ],
    [
      'x'.repeat(33),
      `The ID '${'x'.repeat(33)}' is invalid. It must be 4-32 characters, and may contain the characters [a-z0-9-].`,
    ],
    ['gcp-mine', "The ID 'gcp-mine' is invalid. The prefix 'gcp-' is reserved."],
  ])('are refused with the id %s', async (id, message) => {
    expect(await create({}, id)).toEqual(fault(400, 'INVALID_ARGUMENT', message));
    expect(await bench.manage('POST', `${pools}?workloadIdentityPoolId=${id}`, {})).toEqual(
      fault(400, 'INVALID_ARGUMENT', message),
    );
  });
});

describe('an uploaded key set in the sandbox', () => {
  const upload = (keys: unknown) =>
    create({ oidc: { issuerUri: 'https://id.example.com', jwksJson: JSON.stringify({ keys }) } });
  const refused = (message: string) => fault(400, 'INVALID_ARGUMENT', message);

  test.each(['RS256', 'ES256'])('can contain a key for %s', async (alg) => {
    expect((await upload([(await makeKey(alg, 'k')).publicJwk])).status).toBe(200);
  });

  test('is refused for other curves, other members and a ninth key', async () => {
    const { publicJwk } = await makeKey('RS256', 'k');
    const types = refused('Invalid JWKs. Only RSA, EC key types are supported.');
    expect(await upload([(await makeKey('ES384', 'k')).publicJwk])).toEqual(types);
    expect(await upload([(await makeKey('ES512', 'k')).publicJwk])).toEqual(types);
    expect(await upload([(await makeKey('EdDSA', 'k')).publicJwk])).toEqual(
      refused('Input jwks contains corrupted key material.'),
    );
    const form = refused('Input JWK is not in a valid json format');
    expect(await upload([{ ...publicJwk, x5t: 'AAAA' }])).toEqual(form);
    expect(await upload([{ ...publicJwk, key_ops: ['verify'] }])).toEqual(form);
    expect(await upload(Array.from({ length: 9 }, () => publicJwk))).toEqual(
      refused('Invalid JWKs. The number of keys cannot exceed 8.'),
    );
  });

  test('is accepted without an error if it is not a key set', async () => {
    expect((await upload('none')).status).toBe(200);
  });
});

describe('service accounts and policies in the sandbox', () => {
  const path = `/v1/projects/${project}/serviceAccounts`;

  test('are created once, returned and deleted', async () => {
    const expected = {
      name: `projects/${project}/serviceAccounts/${account}`,
      projectId: project,
      uniqueId: expect.stringMatching(/^\d{21}$/),
      email: account,
      oauth2ClientId: expect.stringMatching(/^\d{21}$/),
    };
    expect(await bench.manage('GET', path)).toEqual({ status: 200, body: { accounts: [expected] } });
    expect(await bench.manage('GET', `${path}/${encodeURIComponent(account)}`)).toEqual({
      status: 200,
      body: expected,
    });
    expect(await bench.manage('POST', path, { accountId: 'deployer' })).toEqual(
      fault(
        409,
        'ALREADY_EXISTS',
        `Service account deployer already exists within project projects/${project}.`,
      ),
    );
    expect(await bench.manage('DELETE', `${path}/${account}`)).toEqual({ status: 200, body: {} });
    expect(await bench.manage('GET', `${path}/${account}`)).toEqual(
      fault(404, 'NOT_FOUND', `Unknown service account: projects/${project}/serviceAccounts/${account}`),
    );
  });

  test('protect their policy with an etag', async () => {
    const bindings = [
      { role: 'roles/iam.workloadIdentityUser', members: ['serviceAccount:a@b.iam.gserviceaccount.com'] },
    ];
    const before = await bench.manage('POST', `${path}/${account}:getIamPolicy`);
    expect(before.body).toEqual({ version: 1, etag: expect.any(String) });
    const set = (etag: string) =>
      bench.manage('POST', `${path}/${account}:setIamPolicy`, { policy: { bindings, etag } });
    expect(await set(before.body.etag)).toEqual({
      status: 200,
      body: { version: 1, etag: expect.any(String), bindings },
    });
    expect(await set(before.body.etag)).toEqual(
      fault(
        409,
        'ABORTED',
        'There were concurrent policy changes. Please retry the whole read-modify-write with exponential backoff.',
      ),
    );
    expect(await bench.bind(`${path}/${account}`, 'roles/viewer', ['nobody'])).toEqual(
      fault(400, 'INVALID_ARGUMENT', 'Invalid principal nobody.'),
    );
  });
});

describe('the Google Cloud administrator of the sandbox', () => {
  test('can access one project, whose id and number are fixed by the first call', async () => {
    const elsewhere = await bench.manage('GET', `/v1/projects/other-project/serviceAccounts`);
    expect(elsewhere).toMatchObject({
      status: 403,
      body: {
        error: {
          message:
            "Permission 'iam.serviceAccounts.get' denied on resource '//iam.googleapis.com/projects/other-project' (or it may not exist).",
        },
      },
    });
    const mixed = await bench.manage('GET', pools, undefined, `sandbox:${project}:999`);
    expect(mixed.status).toBe(401);
    const nobody = await bench.manage('GET', pools, undefined, '');
    expect(nobody.body.error.status).toBe('UNAUTHENTICATED');
    const federated = await bench.manage('GET', pools, undefined, await bench.federated());
    expect(federated.body.error.status).toBe('PERMISSION_DENIED');
    expect((await bench.manage('GET', pools.replace(project, number))).status).toBe(200);
  });
});
