import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { clouds } from '../../../src/clouds/index.ts';
import { awsTarget, type TestServer, testServer } from '../../support/server.ts';
import { type Ask, asking, byAdmin, idOf, moment, newestLine, plain, problem } from './ask.ts';

let server: TestServer;
let ask: Ask;
let tenant: string;

beforeAll(async () => {
  server = await testServer();
  ask = asking(server);
  tenant = (await server.admin.post<{ id: string }>('/tenants', { name: 'Acme' })).id;
});
afterAll(() => server.close());

const guid = '0b5c1a52-8f0e-4d2a-9a61-2f0c2c2f5a11';
const targets = {
  aws: awsTarget,
  azure: { tenant_id: guid, client_id: guid },
  gcp: { project_number: '123456789012', pool_id: 'vendor', provider_id: 'sojourn' },
} as const;
type Cloud = keyof typeof targets;

const bodyFor = (cloud: Cloud, more: object = {}) => ({
  name: 'prod',
  tenant,
  cloud,
  target: targets[cloud],
  ...more,
});
const make = async (cloud: Cloud, more: object = {}) =>
  (await ask('POST /connections', { body: bodyFor(cloud, more) })).body as { id: string };

describe('the connections API', () => {
  const eitherAlgorithm = expect.stringMatching(/^(RS|ES)256$/);
  const facts: [Cloud, unknown, string, object][] = [
    ['aws', eitherAlgorithm, 'sts.amazonaws.com', { ...awsTarget, duration_seconds: 3600 }],
    [
      'azure',
      'RS256',
      'api://AzureADTokenExchange',
      { ...targets.azure, environment: 'public', scope: 'https://management.azure.com/.default' },
    ],
    [
      'gcp',
      eitherAlgorithm,
      'https://iam.googleapis.com/projects/123456789012/locations/global/workloadIdentityPools/vendor/providers/sojourn',
      { ...targets.gcp, scopes: ['https://www.googleapis.com/auth/cloud-platform'] },
    ],
  ];

  test.each(facts)(
    'shows the claims of the tokens of a connection for %s',
    async (cloud, algorithm, audience, target) => {
      const made = await ask('POST /connections', { body: bodyFor(cloud) });
      const { id, algorithm: chosen } = made.body as { id: string; algorithm: string };
      const connection = {
        id: idOf('con'),
        name: 'prod',
        labels: {},
        tenant,
        cloud,
        target,
        subject: id,
        audience,
        issuer: server.issuer,
        algorithm,
        token_ttl: null,
        approval: 'none',
        state: 'pending',
        created_at: moment,
        updated_at: moment,
        verified_at: null,
      };
      expect({ status: made.status, body: made.body }).toEqual({ status: 201, body: connection });
      expect(await newestLine(ask)).toEqual({
        event: 'connection.created',
        ...byAdmin,
        connection: id,
        tenant,
        facts: { cloud },
      });
      expect(await plain(ask(`GET /connections/${id}`))).toEqual({ status: 200, body: made.body });

      const token = await ask(`GET /connections/${id}/claims`);
      expect({ status: token.status, body: token.body }).toEqual({
        status: 200,
        body: {
          header: { alg: chosen, typ: 'JWT', kid: expect.any(String) },
          claims: {
            ...(cloud === 'aws' ? { 'https://aws.amazon.com/roles': [awsTarget.role_arn] } : {}),
            iss: server.issuer,
            sub: id,
            aud: audience,
            iat: expect.any(Number),
            nbf: expect.any(Number),
            exp: expect.any(Number),
            jti: 'a new one for each token',
          },
        },
      });
      const { iat, nbf } = (token.body as { claims: { iat: number; nbf: number } }).claims;
      expect(iat - nbf).toBe(5);
    },
  );

  test('merges target fields, removes a field set to null, and resets the state to pending', async () => {
    const { id } = await make('aws', { target: {} });
    const first = await ask(`PATCH /connections/${id}`, { body: { target: awsTarget, token_ttl: 600 } });
    expect(first.body).toMatchObject({ target: { ...awsTarget, duration_seconds: 3600 }, token_ttl: 600 });
    expect(await newestLine(ask)).toEqual({
      event: 'connection.updated',
      ...byAdmin,
      connection: id,
      tenant,
      facts: { changed: 'target token_ttl' },
    });
    const second = await ask(`PATCH /connections/${id}`, {
      body: { target: { role_arn: null }, token_ttl: null },
    });
    expect({ status: second.status, body: second.body }).toEqual({
      status: 200,
      body: {
        ...(first.body as object),
        target: { region: awsTarget.region, duration_seconds: 3600 },
        token_ttl: null,
        updated_at: moment,
      },
    });
  });

  test('is neither changed nor in the audit again if it is disabled or enabled twice', async () => {
    const { id } = await make('aws');
    const lines = async () => (await ask(`GET /audit?connection=${id}`)).body;
    for (const name of ['disable', 'enable']) {
      const first = await plain(ask(`POST /connections/${id}/${name}`));
      const before = await lines();
      expect(await plain(ask(`POST /connections/${id}/${name}`))).toEqual(first);
      expect(await lines()).toEqual(before);
    }
  });

  const own = 'https://hooks.example.com/events';
  const nouns: [string, string, object, object][] = [
    [
      'connections',
      'id',
      bodyFor('aws'),
      { target: { role_arn: awsTarget.role_arn }, labels: {}, name: 'prod' },
    ],
    ['connections', 'id', bodyFor('gcp'), {}],
    ['tenants', 'id', { name: 'Same' }, { name: 'Same' }],
    [
      'clients',
      'client_id',
      { name: 'same', auth: { method: 'client_secret' }, may_use: [{ cloud: 'aws' }] },
      { may_use: [{ cloud: 'aws' }], disabled: false },
    ],
    [
      'webhooks',
      'id',
      { url: own, events: ['connection.verified'] },
      { url: own, events: ['connection.verified'] },
    ],
  ];

  test.each(nouns)(
    'a PATCH of %s with its current values leaves the record and the audit unchanged',
    async (path, idName, input, same) => {
      const body = 'tenant' in input ? { ...input, tenant } : input;
      const made = await ask(`POST /${path}`, { body });
      const id = (made.body as Record<string, string>)[idName];
      const before = await plain(ask(`GET /${path}/${id}`));
      const lines = await plain(ask('GET /audit?limit=1'));
      expect(await plain(ask(`PATCH /${path}/${id}`, { body: same }))).toEqual(before);
      expect(await plain(ask(`GET /${path}/${id}`))).toEqual(before);
      expect(await plain(ask('GET /audit?limit=1'))).toEqual(lines);
      const changed = await ask(`PATCH /${path}/${id}`, {
        body: path === 'webhooks' ? { disabled: true } : { name: 'other' },
      });
      expect(changed.status).toBe(200);
      expect(await newestLine(ask)).toMatchObject({ event: `${path.slice(0, -1)}.updated`, ...byAdmin });
    },
  );

  test('disables, enables and deletes a connection, and records each change in the audit', async () => {
    const { id } = await make('aws');
    for (const [act, event, state] of [
      ['disable', 'connection.disabled', 'disabled'],
      ['enable', 'connection.enabled', 'pending'],
    ] as const) {
      expect(await plain(ask(`POST /connections/${id}/${act}`))).toEqual({
        status: 200,
        body: expect.objectContaining({ id, state }),
      });
      expect(await newestLine(ask)).toEqual({ event, ...byAdmin, connection: id, tenant });
    }
    expect((await ask(`DELETE /connections/${id}`)).status).toBe(204);
    expect(await newestLine(ask)).toEqual({
      event: 'connection.deleted',
      ...byAdmin,
      connection: id,
      tenant,
    });
  });

  test('answers 404 below an unknown connection, and records nothing', async () => {
    const line = await newestLine(ask);
    const at = '/connections/con_00000000000000000000000000';
    const requests = [
      `GET ${at}`,
      `PATCH ${at}`,
      `DELETE ${at}`,
      `POST ${at}/enable`,
      `POST ${at}/disable`,
      `POST ${at}/verify`,
      `GET ${at}/verification`,
      `GET ${at}/setup`,
      `GET ${at}/setup/cloudformation.json`,
      `GET ${at}/claims`,
      'GET /connections/%2e%2e%2ftenants',
      'GET /connections/__proto__',
      'GET /connections/%00',
      'GET /connections/%',
    ];
    for (const request of requests)
      expect([request, (await ask(request)).body]).toEqual([
        request,
        expect.objectContaining({ status: 404, code: 'connection_not_found' }),
      ]);
    expect(await newestLine(ask)).toEqual(line);
  });

  test('lists connections by tenant', async () => {
    const other = (await server.admin.post<{ id: string }>('/tenants', { name: 'Other' })).id;
    const theirs = [await make('aws', { tenant: other }), await make('gcp', { tenant: other })];
    expect(await plain(ask(`GET /connections?tenant=${other}`))).toEqual({
      status: 200,
      body: { items: theirs, next: null },
    });
    const { body } = await ask(`GET /connections?tenant=${other}&limit=1`);
    expect(body).toEqual({ items: theirs.slice(0, 1), next: theirs[0]?.id });
    expect((await ask(`GET /connections?tenant=${other}&after=${theirs[0]?.id}`)).body).toEqual({
      items: theirs.slice(1),
      next: null,
    });
    expect((await ask('GET /connections?tenant=ten_nobody')).body).toEqual({ items: [], next: null });
  });

  test('a connection is saved with a warning while its session is too large for STS', async () => {
    const session_tags = (length: number) =>
      Object.fromEntries(Array.from({ length: 8 }, (_, n) => [`key-${n}`, 'x'.repeat(length)]));
    const warning = (at: string, percent: number, verb: string) =>
      `${at}: session_tags and session policies consume about ${percent} % of the packed size that AWS allows: STS ${verb} refuse every session with PackedPolicyTooLarge. Use fewer or shorter tags, or a shorter policy.`;
    const { status, body } = await ask('POST /connections', {
      body: bodyFor('aws', {
        target: { ...awsTarget, session_tags: session_tags(100) },
        purposes: { read: { policy_arns: [`arn:aws:iam::aws:policy/ReadOnlyAccess`] } },
      }),
    });
    const { id, warnings } = body as { id: string; warnings: unknown };
    expect({ status, warnings }).toEqual({
      status: 201,
      warnings: [
        warning('target', 243, 'will probably'),
        expect.stringMatching(/^purposes\.read: .* consume about 24\d % /),
      ],
    });
    const shorten = (length: number) =>
      ask(`PATCH /connections/${id}`, {
        body: { purposes: {}, target: { session_tags: session_tags(length) } },
      });
    expect((await shorten(24)).body).toMatchObject({ warnings: [warning('target', 91, 'may')] });
    expect((await shorten(23)).body).not.toHaveProperty('warnings');
    expect((await ask(`GET /connections/${id}`)).body).not.toHaveProperty('warnings');
  });

  const faulty: [string, Cloud, object, string][] = [
    ['a malformed ARN', 'aws', { role_arn: 'arn:aws:iam::12345:role/vendor' }, 'target.role_arn'],
    ['the ARN of a user', 'aws', { role_arn: 'arn:aws:iam::111122223333:user/vendor' }, 'target.role_arn'],
    ['an ARN with a wildcard', 'aws', { role_arn: 'arn:aws:iam::111122223333:role/*' }, 'target.role_arn'],
    ['a region of another partition', 'aws', { ...awsTarget, region: 'cn-north-1' }, 'target.region'],
    ['a session of a day', 'aws', { duration_seconds: 86_400 }, 'target.duration_seconds'],
    [
      'a session policy of 2,049 characters',
      'aws',
      {
        session_policy: `{"Statement":{"Effect":"Deny","Action":"*","Resource":"*"}}${' '.repeat(1991)}`,
      },
      'target.session_policy',
    ],
    ['a domain name for a directory', 'azure', { tenant_id: 'acme.onmicrosoft.com' }, 'target.tenant_id'],
    ['a malformed GUID', 'azure', { client_id: `${guid}0` }, 'target.client_id'],
    ['an unknown environment', 'azure', { environment: 'moon' }, 'target.environment'],
    [
      "a project's id for its number",
      'gcp',
      { ...targets.gcp, project_number: 'acme-prod' },
      'target.project_number',
    ],
    ['no pool', 'gcp', { project_number: '1', provider_id: 'sojourn' }, 'target.pool_id'],
    ['a field of another cloud', 'gcp', { ...targets.gcp, role_arn: awsTarget.role_arn }, 'target.role_arn'],
  ];

  test.each(faulty)(
    '%s is refused when it is saved, and leaves nothing behind',
    async (_title, cloud, target, field) => {
      const before = (await ask('GET /connections')).text;
      const { status, body } = await ask('POST /connections', { body: bodyFor(cloud, { target }) });
      expect({ status, body }).toEqual({
        status: 400,
        body: expect.objectContaining({
          code: 'invalid_request',
          errors: [{ field, message: expect.any(String) }],
        }),
      });
      expect((await ask('GET /connections')).text).toBe(before);
    },
  );

  const faultyMembers: [string, object, string, string][] = [
    ['an unknown cloud', { cloud: 'oracle' }, 'cloud', `must be one of ${Object.keys(clouds).join(', ')}`],
    ['an unknown tenant', { tenant: 'ten_nobody' }, 'tenant', 'there is no such tenant'],
    [
      'an algorithm that Entra refuses',
      { cloud: 'azure', target: targets.azure, algorithm: 'ES256' },
      'algorithm',
      'must be RS256 for this cloud',
    ],
    ['a life of a day', { token_ttl: 86_400 }, 'token_ttl', 'must be 3600 seconds at most'],
    ['a subject of its own choice', { subject: 'con_other' }, 'subject', 'is not known here'],
    ['an audience of its own choice', { audience: 'x' }, 'audience', 'is not known here'],
    ['an issuer of its own choice', { issuer: 'https://evil.example' }, 'issuer', 'is not known here'],
  ];

  test.each(faultyMembers)('rejects %s by name', async (_title, more, field, message) => {
    expect(await plain(ask('POST /connections', { body: bodyFor('aws', more) }))).toEqual(
      problem(400, 'invalid_request', `${field}: ${message}`, [{ field, message }]),
    );
  });

  test('never changes tenant, cloud and issuer of a connection', async () => {
    const { id } = await make('aws');
    const before = (await ask(`GET /connections/${id}`)).text;
    for (const member of ['tenant', 'cloud', 'issuer', 'id', 'subject', 'state'])
      expect(await plain(ask(`PATCH /connections/${id}`, { body: { [member]: 'x' } }))).toEqual(
        problem(400, 'invalid_request', `${member}: is not known here`),
      );
    expect((await ask(`GET /connections/${id}`)).text).toBe(before);
  });
});

describe('the set-up of a connection', () => {
  test.each(['aws', 'azure', 'gcp'] as const)(
    'lists the files for %s and serves each as a download',
    async (cloud) => {
      const { id } = await make(cloud);
      const { status, body } = await ask(`GET /connections/${id}/setup`);
      const { items } = body as { items: { name: string; media_type: string; title: string; url: string }[] };
      expect(status).toBe(200);
      expect(items.length).toBeGreaterThan(0);
      for (const item of items) {
        expect(item).toEqual({
          name: expect.stringMatching(/^[a-z][\w.-]+$/),
          media_type: expect.stringMatching(/^[a-z]+\/[\w.-]+$/),
          title: expect.any(String),
          url: `/admin/v1/connections/${id}/setup/${item.name}`,
        });
        const file = await ask(`GET ~${item.url}`);
        expect(file.status).toBe(200);
        expect(Object.fromEntries(file.headers)).toMatchObject({
          'content-type': item.media_type,
          'content-disposition': `attachment; filename="${item.name}"`,
          'x-content-type-options': 'nosniff',
          'cache-control': 'no-store',
        });
        if (item.media_type === 'text/uri-list') {
          expect(file.text).toMatch(/^https:\/\/[\x21-\x7e]+\r\n$/);
          continue;
        }
        // The issuer stands in it as it is, or without its scheme in the keys of an AWS condition.
        expect(file.text).toContain(server.issuer.replace('http://', ''));
        expect(file.text).toContain(id);
      }
    },
  );

  test('answers 404 to an unknown file name', async () => {
    const { id } = await make('aws');
    for (const name of ['nothing.json', '..', '%2e%2e%2fclaims', '__proto__'])
      expect((await ask(`GET /connections/${id}/setup/${name}`)).status).toBe(404);
  });
});

describe('the verification of a connection', () => {
  test('reports missing target fields before it calls the cloud', async () => {
    const { id } = await make('aws', { target: {} });
    expect(await plain(ask(`POST /connections/${id}/verify`))).toEqual({
      status: 200,
      body: {
        verdict: 'failing',
        state: 'failing',
        retry_at: null,
        checks: [
          {
            name: 'target',
            outcome: 'failed',
            detail: 'The target has no role_arn yet.',
            advice: 'Finish the set-up in the cloud, then save the missing fields.',
            condition: 'target',
            fix: `sojourn connection update ${id} --set role_arn=VALUE`,
          },
          {
            name: 'exchange',
            outcome: 'skipped',
            detail: 'Not tried: the target is incomplete.',
            advice: null,
          },
        ],
      },
    });
    expect(await newestLine(ask)).toEqual({
      event: 'connection.verified',
      ...byAdmin,
      connection: id,
      tenant,
      facts: { verdict: 'failing' },
    });
    expect((await ask(`GET /connections/${id}`)).body).toMatchObject({
      state: 'failing',
      verified_at: moment,
    });
  });
});
