/** What may be asked of the set-up files over HTTP, and what may not. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { awsTarget, type TestServer, testServer } from '../../support/server.ts';
import { type Ask, asking, plain, problem } from './ask.ts';

let server: TestServer;
let ask: Ask;
let ids: Record<'aws' | 'other' | 'foreign' | 'azure' | 'gcp', string>;

const reader = 'acdd72a7-3385-48ef-bd42-f606fba81ae7';
const permissions = {
  'read-only': { aws: { managed_policy_arns: ['arn:aws:iam::aws:policy/ReadOnlyAccess'] } },
  browse: { azure: { roles: [reader] }, gcp: { roles: ['roles/browser'] } },
};

beforeAll(async () => {
  server = await testServer({ config: { setup: { permissions } } });
  ask = asking(server);
  const tenantOf = async (name: string) => (await server.admin.post<{ id: string }>('/tenants', { name })).id;
  const [acme, else_] = [await tenantOf('Acme'), await tenantOf('Else')];
  const make = async (cloud: string, target: object, tenant = acme) =>
    (await server.admin.post<{ id: string }>('/connections', { name: 'c', tenant, cloud, target })).id;
  ids = {
    aws: await make('aws', awsTarget),
    other: await make('aws', {}),
    foreign: await make('aws', awsTarget, else_),
    azure: await make('azure', {}),
    gcp: await make('gcp', { project_number: '1234567', pool_id: 'pool', provider_id: 'idp1' }),
  };
});
afterAll(() => server.close());

const query = (given: Record<string, string>) => new URLSearchParams(given).toString();

describe('the options of the set-up files', () => {
  test('change the files, and the list links to the changed files', async () => {
    const asked = query({
      permissions: 'read-only',
      existing_provider: 'true',
      role_name: 'vendor',
      tags: '{"Team":"a, b"}'.replace(', ', ' '),
    });
    const { body } = await ask(`GET /connections/${ids.aws}/setup?${asked}`);
    const { items } = body as { items: { name: string; url: string }[] };
    const { url = '' } = items.find(({ name }) => name === 'cloudformation.json') ?? {};
    expect(url).toContain(`/setup/cloudformation.json?`);
    const { Parameters, Resources } = (await ask(`GET ~${url}`)).body as {
      Parameters: Record<string, { Default: unknown }>;
      Resources: { Role: { Properties: { Tags: unknown } } };
    };
    expect(Object.entries(Parameters).map(([name, { Default }]) => [name, Default])).toEqual([
      ['CreateProvider', 'false'],
      ['RoleName', 'vendor'],
      ['ManagedPolicyArns', 'arn:aws:iam::aws:policy/ReadOnlyAccess'],
      ['PermissionsBoundary', ''],
      ['MaxSessionDuration', 3600],
    ]);
    expect(Resources.Role.Properties.Tags).toEqual([{ Key: 'Team', Value: 'a b' }]);
  });

  const refusals: [keyof typeof ids, Record<string, string>, string, string][] = [
    ['azure', { role_name: 'x' }, 'role_name', 'is not known here'],
    ['gcp', { tags: '{}' }, 'tags', 'is not known here'],
    ['aws', { existing_pool: 'true' }, 'existing_pool', 'is not known here'],
    ['aws', { existing_provider: 'yes' }, 'existing_provider', 'must be true or false'],
    ['aws', { role_name: 'a b' }, 'role_name', 'must be 1 to 64 letters, digits or + = , . @ _ -'],
    ['aws', { tags: '{' }, 'tags', 'must be JSON'],
    ['aws', { tags: '["a"]' }, 'tags', 'must be an object of strings'],
    ['aws', { tags: '{"aws:x":"y"}' }, 'tags.aws:x', 'the key must not begin with aws:, which AWS reserves'],
    ['aws', { max_session_seconds: '60' }, 'max_session_seconds', 'must be 3600 seconds or more'],
    ['aws', { max_session_seconds: '1h' }, 'max_session_seconds', 'must be a whole number of seconds'],
    [
      'aws',
      { managed_policy_arns: 'ReadOnlyAccess' },
      'managed_policy_arns.0',
      'must be the ARN of a managed policy, without a comma',
    ],
    [
      'aws',
      { permissions: 'browse' },
      'permissions',
      'must be permission sets of setup.permissions for aws: read-only',
    ],
    ['azure', { roles: 'Reader' }, 'roles.0', 'must be the GUID of a role definition'],
    [
      'azure',
      { identity_name: '${x}' },
      'identity_name',
      'must be 3 to 128 letters, digits, hyphens or underscores, the first a letter or digit',
    ],
    [
      'azure',
      { tags: '{"[concat(1)]":"x"}' },
      'tags.[concat(1)]',
      'the name must be 1 to 128 characters, the first a letter or digit, without < > % & \\ ? / [ ] =',
    ],
    [
      'gcp',
      { roles: 'browser' },
      'roles.0',
      'must be a role: roles/NAME, projects/ID/roles/NAME or organizations/NUMBER/roles/NAME',
    ],
  ];

  test.each(refusals)('of %s are rejected by name: %j', async (whose, given, field, message) => {
    for (const path of ['', '/cloudformation.json'])
      expect(await plain(ask(`GET /connections/${ids[whose]}/setup${path}?${query(given)}`))).toEqual(
        problem(400, 'invalid_request', `${field}: ${message}`),
      );
  });

  test('are all rejected in one answer, also if repeated', async () => {
    const { body } = await ask(
      `GET /connections/${ids.aws}/setup?${query({ role_name: 'a b', permissions_boundary: 'x', max_session_seconds: '1' })}`,
    );
    expect((body as { errors: { field: string }[] }).errors.map(({ field }) => field)).toEqual([
      'role_name',
      'permissions_boundary',
      'max_session_seconds',
    ]);
    expect(await plain(ask(`GET /connections/${ids.aws}/setup?role_name=a&role_name=b`))).toMatchObject({
      status: 400,
      body: { detail: 'role_name: is given more than once' },
    });
    expect(await plain(ask(`GET /connections/${ids.aws}/setup?callback=https://evil.example`))).toMatchObject(
      {
        status: 400,
        body: { code: 'unknown_parameter' },
      },
    );
  });

  test('do not include a connection of another tenant and do not reveal whether it exists', async () => {
    const same = 'must be connections of the same tenant to the same cloud';
    for (const id of [ids.foreign, ids.azure, 'con_nobody'])
      expect(
        await plain(ask(`GET /connections/${ids.aws}/setup?${query({ additional_connections: id })}`)),
      ).toEqual(problem(400, 'invalid_request', `additional_connections: ${same}`));
    expect(
      await plain(ask(`GET /connections/${ids.aws}/setup?${query({ additional_connections: ids.aws })}`)),
    ).toEqual(problem(400, 'invalid_request', 'additional_connections: must not contain a connection twice'));
  });

  test('cannot combine roles with a known account and roles without', async () => {
    const { status, body } = await ask(
      `GET /connections/${ids.aws}/setup?${query({ additional_connections: ids.other })}`,
    );
    expect({
      status,
      fields: (body as { errors: { field: string }[] }).errors.map(({ field }) => field),
    }).toEqual({
      status: 400,
      fields: ['additional_connections'],
    });
  });
});
