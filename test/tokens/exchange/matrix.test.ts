import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type FakeCloud, json, startFakeCloud } from '../../clouds/fake-cloud.ts';
import { awsPass, azurePass, federatedPass } from '../../clouds/outside.ts';
import { askToken, type TestClient, type TestConnection, withSecret } from '../../support/server.ts';
import { openPipeline, type Pipeline, without } from './pipeline.ts';

const guid = '8d6c2f6e-1f0b-4e7e-9d3b-0a1b2c3d4e5f';
const targets = {
  aws: { role_arn: 'arn:aws:iam::111122223333:role/vendor' },
  azure: { tenant_id: guid, client_id: guid },
  gcp: { project_number: '123456789012', pool_id: 'vendor-pool', provider_id: 'vendor' },
} as const;
type Cloud = keyof typeof targets;
const cloudNames = Object.keys(targets) as Cloud[];

let clouds: Record<Cloud, FakeCloud>;
let pipeline: Pipeline;
const connections = new Map<string, TestConnection & { readonly cloud: Cloud }>();
const clients = new Map<
  string,
  TestClient & { readonly bearer: string; readonly mayUse: ReadonlySet<string> }
>();

/** Tenants a, b and c have one connection of each cloud, and d one that is disabled. */
beforeAll(async () => {
  clouds = { aws: await startFakeCloud(), azure: await startFakeCloud(), gcp: await startFakeCloud() };
  const inAnHour = new Date(Date.now() + 3_600_000).toISOString();
  clouds.aws.answers = [{ status: 200, body: awsPass(inAnHour), headers: { 'content-type': 'text/xml' } }];
  clouds.azure.answers = [json(200, azurePass)];
  clouds.gcp.answers = [json(200, { ...federatedPass, expires_in: 3600 })];
  pipeline = await openPipeline({
    config: {
      clouds: {
        aws: { sts_endpoint: clouds.aws.origin },
        azure: { authority_host: clouds.azure.origin },
        gcp: { sts_endpoint: clouds.gcp.origin, iam_credentials_endpoint: clouds.gcp.origin },
      },
    },
  });
  const { admin } = pipeline;
  const tenants = new Map<string, string>();
  for (const name of ['a', 'b', 'c', 'd']) {
    const { id } = await admin.post<{ id: string }>('/tenants', { name });
    tenants.set(name, id);
    for (const cloud of name === 'd' ? (['aws'] as const) : cloudNames)
      connections.set(`${name} ${cloud}`, { ...(await pipeline.connect(cloud, targets[cloud], id)), cloud });
  }
  await admin.post(`/connections/${idOf('d aws')}/disable`);
  const tenant = (name: string) => ({ tenant: tenants.get(name) });
  const connection = (name: string) => ({ connection: idOf(name) });
  const all = (name: string) => cloudNames.map((cloud) => `${name} ${cloud}`);
  const definitions: [string, object[], string[]][] = [
    ['without rules', [], []],
    ['of one connection', [connection('a aws')], ['a aws']],
    ['of two connections', [connection('a azure'), connection('b gcp')], ['a azure', 'b gcp']],
    ['of a tenant', [tenant('a')], all('a')],
    ['of a tenant and a connection', [tenant('b'), connection('c aws')], [...all('b'), 'c aws']],
    ['of a disabled connection', [tenant('d'), connection('d aws')], []],
    ['that is disabled', [tenant('a'), tenant('b'), tenant('c'), tenant('d')], []],
  ];
  for (const [name, may_use, mayUse] of definitions) {
    const client = await admin.post<TestClient>('/clients', { name: 'client', may_use });
    clients.set(name, { ...client, bearer: await pipeline.bearerOf(client), mayUse: new Set(mayUse) });
  }
  await admin.patch(`/clients/${clients.get('that is disabled')?.client_id}`, { disabled: true });
}, 60_000);
afterAll(async () => {
  await pipeline.close();
  for (const cloud of Object.values(clouds)) await cloud.close();
});

const idOf = (name: string) => connections.get(name)?.id ?? '';
const asked = () => cloudNames.map((cloud) => clouds[cloud].asked.length);
/** A problem document without its request id. */
const plain = ({ status, body }: { status: number; body: Readonly<Record<string, unknown>> }) => ({
  status,
  body: without(body, 'request_id'),
});
const claimsOf = (token: unknown) =>
  JSON.parse(Buffer.from(String(token).split('.')[1] ?? '', 'base64url').toString()) as Record<
    string,
    unknown
  >;
const noSuch = {
  status: 404,
  body: {
    type: 'urn:sojourn:error:connection_not_found',
    title: 'Not Found',
    status: 404,
    code: 'connection_not_found',
    detail: 'There is no such connection, or the client may not use it.',
    advice: 'Check the connection id, and that the client may use it (`sojourn client show`).',
  },
};
const disabled = {
  status: 409,
  body: {
    type: 'urn:sojourn:error:connection_disabled',
    title: 'Conflict',
    status: 409,
    code: 'connection_disabled',
    detail: 'The connection is disabled.',
    advice: 'Enable it with `sojourn connection enable ID`.',
  },
};
const unauthorized = {
  status: 401,
  body: {
    type: 'urn:sojourn:error:unauthorized',
    title: 'Unauthorized',
    status: 401,
    code: 'unauthorized',
    detail: 'The bearer token is missing, invalid or expired.',
    advice: 'Send `Authorization: Bearer TOKEN`; for /v1, request a token with resource=urn:sojourn:api.',
  },
};
const names = [
  'without rules',
  'of one connection',
  'of two connections',
  'of a tenant',
  'of a tenant and a connection',
  'of a disabled connection',
  'that is disabled',
] as const;
const clientOf = (name: string) => {
  const client = clients.get(name);
  if (!client) throw new Error(`there is no client ${name}`);
  return client;
};

describe.each(names)('a client %s', (name) => {
  const refusalFor = (connection: string) => {
    if (name === 'that is disabled') return unauthorized;
    return name === 'of a disabled connection' && connection === 'd aws' ? disabled : noSuch;
  };

  test('is refused every other connection with the same answer, without a request to a cloud', async () => {
    const { mayUse, bearer, ...client } = clientOf(name);
    const before = asked();
    const unknown = ['con_00000000000000000000000000', 'con_', 'x', '__proto__', pipeline.tenant.id];
    const others = [...connections].filter(([connection]) => !mayUse.has(connection));
    const pairs = [...others.map(([other, { id }]) => [other, id]), ...unknown.map((id) => ['', id])];
    for (const [connection = '', id = ''] of pairs) {
      for (const path of ['credentials', 'token'])
        expect([id, path, plain(await pipeline.ask(`${id}/${path}`, bearer))]).toEqual([
          id,
          path,
          refusalFor(connection),
        ]);
      const { status, body } = await askToken(pipeline.base, withSecret(client, { id }));
      const refusal = refusalFor(connection);
      expect([id, status, body.error, body.error_description]).toEqual(
        refusal === unauthorized
          ? [id, 401, 'invalid_client', body.error_description]
          : [
              id,
              400,
              'invalid_target',
              refusal === disabled
                ? body.error_description
                : `${noSuch.body.detail} Check the connection id in \`resource\`, and that the client may use it (\`sojourn client show\`).`,
            ],
      );
      expect(body.access_token).toBeUndefined();
    }
    expect(asked()).toEqual(before);
  });

  test('gets tokens and credentials of each of its connections, only with the subject and audience of that connection', async () => {
    const { mayUse, bearer, ...client } = clientOf(name);
    for (const connectionName of mayUse) {
      const connection = connections.get(connectionName);
      if (!connection) throw new Error('unknown connection');
      const { id, subject: sub, audience: aud, cloud } = connection;
      const ownClaims = expect.objectContaining({ iss: pipeline.issuer, sub, aud });
      const byToken = await askToken(pipeline.base, withSecret(client, { id }));
      expect([byToken.status, claimsOf(byToken.body.access_token)]).toEqual([200, ownClaims]);
      const byApi = await pipeline.ask(`${id}/token`, bearer);
      expect([byApi.status, claimsOf(byApi.body.access_token)]).toEqual([200, ownClaims]);
      expect(sub).toBe(id);

      const before = clouds[cloud].asked.length;
      const { status, body } = await pipeline.ask(`${id}/credentials`, bearer);
      expect({ status, body }).toEqual({
        status: 200,
        body: { connection: id, cloud, expires_at: expect.any(String), credentials: expect.any(Object) },
      });
      for (const { body: form } of clouds[cloud].asked.slice(before)) {
        const sent = new URLSearchParams(form);
        const token =
          sent.get('WebIdentityToken') ?? sent.get('client_assertion') ?? sent.get('subject_token');
        expect(claimsOf(token)).toEqual(ownClaims);
      }
    }
  });
});

describe('a request parameter', () => {
  const choices = [
    'role_arn',
    'role',
    'account',
    'region',
    'tenant_id',
    'tenant',
    'service_account',
    'project_number',
    'pool_id',
    'provider_id',
    'environment',
    'scopes',
    'lifetime_seconds',
    'subject',
    'sub',
    'aud',
    'session_policy',
    'session_tags',
    'source_identity',
    'duration_seconds',
    'target',
  ];

  test.each([...choices, 'scope', 'client_id', 'audience'])(
    '%s is refused by name at /v1, because a caller cannot choose the target',
    async (name) => {
      const { bearer } = clientOf('of a tenant');
      const before = asked();
      const refused = expect.objectContaining({
        status: 403,
        code: 'target_not_selectable',
        detail: `The caller cannot set the parameter ${name}.`,
      });
      for (const path of ['credentials', 'token']) {
        const url = `${idOf('a aws')}/${path}?${name}=x`;
        expect((await pipeline.ask(url, bearer)).body).toEqual(refused);
      }
      const posted = await pipeline.ask(`${idOf('a aws')}/credentials`, bearer, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ [name]: 'x' }),
      });
      expect(posted.body).toEqual(refused);
      expect(asked()).toEqual(before);
    },
  );

  test.each(choices)(
    '%s is refused by name at /token, because a caller cannot choose the target',
    async (name) => {
      const { bearer: _, mayUse: __, ...client } = clientOf('of a tenant');
      const form = { ...withSecret(client, { id: idOf('a aws') }), [name]: 'x' };
      const { status, body } = await askToken(pipeline.base, form);
      expect([status, body.error, body.error_description]).toEqual([
        400,
        'invalid_request',
        `The caller cannot set the parameter ${name}. Remove it.`,
      ]);
    },
  );

  test('that is unknown is refused at /v1', async () => {
    const { bearer } = clientOf('of a tenant');
    const before = asked();
    const { status, body } = await pipeline.ask(`${idOf('a aws')}/credentials?RoleArn=x`, bearer);
    expect([status, body.code]).toEqual([400, 'unknown_parameter']);
    expect(asked()).toEqual(before);
  });

  test('with the audience of another connection is refused at /token', async () => {
    const { bearer: _, mayUse: __, ...client } = clientOf('of a tenant');
    const audience = connections.get('a gcp')?.audience ?? '';
    const form = { ...withSecret(client, { id: idOf('a aws') }), audience };
    const { status, body } = await askToken(pipeline.base, form);
    expect([status, body.error]).toEqual([400, 'invalid_target']);
  });
});
