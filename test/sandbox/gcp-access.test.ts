import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import {
  account,
  cloudPlatform,
  type GcpBench,
  impersonation,
  number,
  openGcpBench,
  pool,
  principal,
  project,
} from './gcp-bench.ts';

let bench: GcpBench;
beforeEach(async () => {
  bench = await openGcpBench();
});
afterEach(() => bench.close());

const user = 'roles/iam.workloadIdentityUser';
const accountPath = `/v1/projects/${project}/serviceAccounts/${account}`;
const denied = {
  status: 403,
  body: {
    error: {
      code: 403,
      message: "Permission 'iam.serviceAccounts.getAccessToken' denied on resource (or it may not exist).",
      status: 'PERMISSION_DENIED',
      details: [
        {
          '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
          reason: 'IAM_PERMISSION_DENIED',
          domain: 'iam.googleapis.com',
          metadata: { permission: 'iam.serviceAccounts.getAccessToken' },
        },
      ],
    },
  },
};
const impersonate = (bearer: string, body: unknown = { scope: [cloudPlatform] }) =>
  bench.manage('POST', impersonation, body, bearer);

describe('generateAccessToken', () => {
  test('returns a token of the service account to the bound subject, for one hour by default', async () => {
    await bench.bind(accountPath, user, [principal]);
    const answer = await impersonate(await bench.federated());
    expect(answer).toEqual({
      status: 200,
      body: {
        accessToken: expect.stringMatching(/^ya29\./),
        expireTime: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
      },
    });
    const left = Date.parse(answer.body.expireTime) - Date.now();
    expect(left).toBeGreaterThan(3_595_000);
    expect(left).toBeLessThanOrEqual(3_600_000);
  });

  test.each([
    ['the whole pool', `principalSet://iam.googleapis.com/${pool}/*`],
    ['an attribute', `principalSet://iam.googleapis.com/${pool}/attribute.team/blue`],
    ['a group', `principalSet://iam.googleapis.com/${pool}/group/admins`],
  ])('accepts a principal bound by %s', async (_, member) => {
    await bench.manage('PATCH', `/v1/${pool}/providers/sojourn?updateMask=attributeMapping`, {
      attributeMapping: {
        'google.subject': 'assertion.sub',
        'google.groups': 'assertion.groups',
        'attribute.team': "assertion.team.extract('team-{name}')",
      },
    });
    await bench.bind(accountPath, user, [member]);
    const claims = { team: 'team-blue', groups: ['admins'] };
    expect((await impersonate(await bench.federated(claims))).status).toBe(200);
  });

  test.each([
    ['no member is bound', []],
    ['another subject is bound', [`principal://iam.googleapis.com/${pool}/subject/conn_2`]],
    ['the member has the project id', [principal.replace(number, project)]],
    ['the subject is bound as a set', [principal.replace('principal:', 'principalSet:')]],
  ])('is denied when %s', async (_, members) => {
    await bench.bind(accountPath, user, members);
    expect(await impersonate(await bench.federated())).toEqual(denied);
  });

  test('is denied for an account that does not exist, and with a role that does not impersonate', async () => {
    await bench.bind(accountPath, 'roles/iam.serviceAccountUser', [principal]);
    const token = await bench.federated();
    expect(await impersonate(token)).toEqual(denied);
    const other = impersonation.replace('deployer', 'nobody-there');
    expect(await bench.manage('POST', other, { scope: [cloudPlatform] }, token)).toEqual(denied);
  });

  test('is denied until the binding has propagated, and allowed for a while after its removal', async () => {
    await bench.turn('/faults', { cloud: 'gcp', propagation_seconds: 90 });
    await bench.bind(accountPath, user, [principal]);
    expect(await impersonate(await bench.federated())).toEqual(denied);
    await bench.turn('/clock', { offset_seconds: 91 });
    const now = Math.floor(Date.now() / 1000) + 91;
    const token = await bench.federated({ iat: now, exp: now + 300 });
    expect((await impersonate(token)).status).toBe(200);
    await bench.bind(accountPath, user, []);
    expect((await impersonate(token)).status).toBe(200);
    await bench.turn('/clock', { offset_seconds: 182 });
    expect(await impersonate(token)).toEqual(denied);
  });

  test('accepts tokens issued before the provider was disabled', async () => {
    await bench.bind(accountPath, user, [principal]);
    const token = await bench.federated();
    await bench.manage('PATCH', `/v1/${pool}/providers/sojourn?updateMask=disabled`, { disabled: true });
    expect((await impersonate(token)).status).toBe(200);
  });

  test('is denied while the account is disabled, and so are its tokens', async () => {
    await bench.bind(accountPath, user, [principal]);
    const token = await bench.federated();
    const issued = (await impersonate(token)).body.accessToken;
    const { body: before } = await bench.manage('GET', accountPath);
    expect(await bench.manage('POST', `${accountPath}:disable`, {})).toEqual({ status: 200, body: {} });
    expect(await bench.manage('GET', accountPath)).toEqual({
      status: 200,
      body: { ...before, disabled: true },
    });
    expect(await impersonate(token)).toEqual({
      status: 403,
      body: {
        error: { code: 403, message: `Service account ${account} is disabled.`, status: 'PERMISSION_DENIED' },
      },
    });
    expect((await bench.manage('GET', `/v3/projects/${project}`, undefined, issued)).status).toBe(401);
    expect(await bench.manage('POST', `${accountPath}:enable`, {})).toEqual({ status: 200, body: {} });
    expect(await bench.manage('GET', accountPath)).toEqual({ status: 200, body: before });
    expect((await impersonate(token)).status).toBe(200);
  });

  test('is denied while an intermediate of the delegation chain is disabled', async () => {
    await bench.manage('POST', `/v1/projects/${project}/serviceAccounts`, { accountId: 'middle' });
    const middle = `middle@${project}.iam.gserviceaccount.com`;
    const middlePath = `/v1/projects/${project}/serviceAccounts/${middle}`;
    const creator = 'roles/iam.serviceAccountTokenCreator';
    await bench.bind(middlePath, creator, [principal]);
    await bench.bind(accountPath, creator, [`serviceAccount:${middle}`]);
    await bench.manage('POST', `${middlePath}:disable`);
    const body = { scope: [cloudPlatform], delegates: [`projects/-/serviceAccounts/${middle}`] };
    expect((await impersonate(await bench.federated(), body)).body.error).toMatchObject({
      code: 403,
      message: `Service account ${middle} is disabled.`,
    });
  });

  test('checks every link of a delegation chain', async () => {
    await bench.manage('POST', `/v1/projects/${project}/serviceAccounts`, { accountId: 'middle' });
    const middle = `middle@${project}.iam.gserviceaccount.com`;
    const body = { scope: [cloudPlatform], delegates: [`projects/-/serviceAccounts/${middle}`] };
    await bench.bind(
      `/v1/projects/${project}/serviceAccounts/${middle}`,
      'roles/iam.serviceAccountTokenCreator',
      [principal],
    );
    expect(await impersonate(await bench.federated(), body)).toEqual(denied);
    await bench.bind(accountPath, 'roles/iam.serviceAccountTokenCreator', [`serviceAccount:${middle}`]);
    expect((await impersonate(await bench.federated(), body)).status).toBe(200);
  });

  test.each([
    [
      { scope: [cloudPlatform], lifetime: '3601s' },
      'The access token lifetime cannot exceed 3600s, unless the service account is allowed by an organization policy with the constraint constraints/iam.allowServiceAccountCredentialLifetimeExtension.',
    ],
    [{ scope: [cloudPlatform], lifetime: '0s' }, 'The lifetime must be greater than 0.'],
    [
      { scope: [cloudPlatform], lifetime: '600' },
      'Invalid value at \'lifetime\' (type.googleapis.com/google.protobuf.Duration), "600"',
    ],
    [{ lifetime: '600s' }, 'Scope required.'],
  ])('refuses %j', async (body, message) => {
    await bench.bind(accountPath, user, [principal]);
    expect(await impersonate(await bench.federated(), body)).toEqual({
      status: 400,
      body: { error: { code: 400, message, status: 'INVALID_ARGUMENT' } },
    });
  });
});

describe('GET of a project in the sandbox', () => {
  const projectResponse = {
    status: 200,
    body: {
      name: `projects/${number}`,
      projectId: project,
      state: 'ACTIVE',
      displayName: project,
      createTime: expect.any(String),
      updateTime: expect.any(String),
    },
  };
  const getProjectAs = (bearer: string) => bench.manage('GET', `/v3/projects/${number}`, undefined, bearer);

  test('is allowed only for a federated principal with a role on the project', async () => {
    const token = await bench.federated();
    expect(await getProjectAs(token)).toMatchObject({
      status: 403,
      body: {
        error: { code: 403, message: 'The caller does not have permission', status: 'PERMISSION_DENIED' },
      },
    });
    await bench.bind(`/v1/projects/${project}`, 'roles/browser', [principal]);
    expect(await getProjectAs(token)).toEqual(projectResponse);
    expect((await getProjectAs(await bench.federated({ sub: 'conn_2' }))).status).toBe(403);
  });

  test('is allowed for a service account with the role', async () => {
    await bench.bind(accountPath, user, [principal]);
    await bench.bind(`/v1/projects/${project}`, 'roles/viewer', [`serviceAccount:${account}`]);
    const { body } = await impersonate(await bench.federated());
    expect(await getProjectAs(body.accessToken)).toEqual(projectResponse);
  });

  test('refuses a token with another scope', async () => {
    await bench.bind(accountPath, user, [principal]);
    const { body } = await impersonate(await bench.federated(), {
      scope: ['https://www.googleapis.com/auth/devstorage.read_only'],
    });
    expect(await getProjectAs(body.accessToken)).toEqual({
      status: 403,
      body: {
        error: {
          code: 403,
          message: 'Request had insufficient authentication scopes.',
          status: 'PERMISSION_DENIED',
        },
      },
    });
  });

  const invalidCredentials =
    'Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid authentication credential. See https://developers.google.com/identity/sign-in/web/devconsole-project.';

  test.each(['ya29.c.e30.AAAA', 'garbage'])('refuses the bearer %s', async (bearer) => {
    expect(await getProjectAs(bearer)).toEqual({
      status: 401,
      body: { error: { code: 401, message: invalidCredentials, status: 'UNAUTHENTICATED' } },
    });
  });

  test('refuses an expired token, a changed token, and tokens of a disabled pool', async () => {
    await bench.bind(`/v1/projects/${project}`, 'roles/browser', [principal]);
    const token = await bench.federated();
    expect((await getProjectAs(`${token.slice(0, -24)}${'A'.repeat(24)}`)).status).toBe(401);
    await bench.turn('/clock', { offset_seconds: 301 });
    expect((await getProjectAs(token)).status).toBe(401);
    await bench.turn('/clock', { offset_seconds: 0 });
    expect((await getProjectAs(token)).status).toBe(200);
    await bench.manage('PATCH', `/v1/${pool}?updateMask=disabled`, { disabled: true });
    expect((await getProjectAs(token)).status).toBe(401);
  });
});
