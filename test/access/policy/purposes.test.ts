/** Purposes end to end: requests to the clouds, responses to callers, and audit lines of refusals. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { decodeJwt } from 'jose';
import * as gcp from '../../../src/sandbox/demo/customer/gcp.ts';
import { askedOf, azureLog, type CloudName } from '../../e2e/cloud-log.ts';
import { type Member, openStage, type Stage } from './stage.ts';

let stage: Stage;
let whole: Member;
let deployer: Member;
let both: Member;
let nobody: Member;
let late: Member;

const google = (name: string) => `https://www.googleapis.com/auth/${name}`;
const sessionPolicy = '{"Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"}]}';
const managed = 'arn:aws:iam::aws:policy/ReadOnlyAccess';
const purposes = {
  aws: {
    deploy: { session_policy: sessionPolicy, duration_seconds: 900 },
    read: { policy_arns: [managed] },
  },
  azure: {
    deploy: { scope: 'https://management.azure.com/.default' },
    read: { scope: 'https://storage.azure.com/.default' },
  },
  gcp: {
    deploy: { scopes: [google('cloud-platform.read-only')], lifetime_seconds: 600 },
    read: { scopes: [google('devstorage.read_only'), google('logging.read')] },
  },
} as const;
const clouds = ['aws', 'azure', 'gcp'] as const;

beforeAll(async () => {
  stage = await openStage();
  for (const cloud of clouds)
    await stage.server.admin.patch(`/connections/${stage.customer[cloud].id}`, { purposes: purposes[cloud] });
  const tenant = stage.customer.tenant;
  whole = await stage.member([{ tenant }]);
  deployer = await stage.member([{ tenant, purposes: ['deploy'] }]);
  nobody = await stage.member([]);
  late = await stage.member([{ tenant, when: { claims: { ref: 'main' } } }]);
  both = await stage.member([{ tenant, purposes: ['deploy', 'read', 'paint'] }]);
}, 60_000);
afterAll(() => stage.close());

const idOf = (cloud: CloudName) => stage.customer[cloud].id;
const secondsLeft = ({ body }: { body: Readonly<Record<string, unknown>> }) =>
  (Date.parse(String(body.expires_at)) - Date.now()) / 1000;

/** What the cloud must be asked for the whole connection, and for each purpose. */
const expected: Record<CloudName, Record<'whole' | 'deploy' | 'read', () => readonly unknown[]>> = {
  aws: {
    whole: () => [assumed({ DurationSeconds: '3600' })],
    deploy: () => [assumed({ DurationSeconds: '900', Policy: sessionPolicy })],
    read: () => [assumed({ DurationSeconds: '3600', 'PolicyArns.member.1.arn': managed })],
  },
  azure: {
    whole: () => [azureLog(stage.customer.azure)[0]],
    // The same question as for the whole, whose credentials are there already.
    deploy: () => [],
    read: () => {
      const { detail, ...entry } = azureLog(stage.customer.azure)[0] as { detail: object };
      return [{ ...entry, detail: { ...detail, resource: 'https://storage.azure.com' } }];
    },
  },
  gcp: {
    whole: () => googled(google('cloud-platform'), '3600s'),
    deploy: () => googled(google('cloud-platform.read-only'), '600s'),
    read: () => googled(`${google('devstorage.read_only')} ${google('logging.read')}`, '3600s'),
  },
};
const assumed = (detail: object) => ({
  cloud: 'aws',
  operation: 'sts:AssumeRoleWithWebIdentity',
  outcome: 'ok',
  detail: {
    RoleArn: stage.customer.aws.target.role_arn,
    RoleSessionName: expect.stringContaining(`${idOf('aws')}-`),
    ...detail,
  },
});
const googled = (scope: string, lifetime: string) => [
  { cloud: 'gcp', operation: 'sts.token', outcome: 'ok', detail: { scope: google('cloud-platform') } },
  {
    cloud: 'gcp',
    operation: 'iamcredentials.generateAccessToken',
    outcome: 'ok',
    detail: { email: gcp.serviceAccount, scope, lifetime },
  },
];

describe.each(clouds)('%s', (cloud) => {
  test('is asked for the narrowed target, once for all clients with the purpose', async () => {
    const id = idOf(cloud);
    for (const purpose of ['whole', 'deploy', 'read'] as const) {
      const query = purpose === 'whole' ? '' : `?purpose=${purpose}`;
      const { result, log } = await askedOf(stage.sandbox, cloud, async () => {
        const first = await stage.v1(whole, `${id}/credentials${query}`);
        const again = await stage.v1(purpose === 'whole' ? whole : both, `${id}/credentials${query}`);
        return { first, again };
      });
      expect(log).toEqual(expected[cloud][purpose]());
      const { first, again } = result;
      expect(first).toEqual({
        status: 200,
        body: {
          connection: id,
          cloud,
          ...(purpose === 'whole' ? {} : { purpose }),
          expires_at: expect.any(String),
          credentials: expect.any(Object),
        },
      });
      expect(again).toEqual(first);
    }
  });

  test('gives a caller its only purpose, named or not, and the audit line names it', async () => {
    const id = idOf(cloud);
    const named = await stage.v1(deployer, `${id}/credentials?purpose=deploy`);
    expect([named.status, named.body.purpose]).toEqual([200, 'deploy']);
    expect(await stage.v1(deployer, `${id}/credentials`)).toEqual(named);
    const [served] = await stage.audit(`client=${deployer.id}&limit=1`);
    expect(served).toEqual({
      event: 'credentials.served',
      outcome: 'ok',
      actor: deployer.id,
      client: deployer.id,
      source_ip: '127.0.0.1',
      connection: id,
      tenant: stage.customer.tenant,
      facts: { purpose: 'deploy', cached: true, expires_at: Date.parse(String(named.body.expires_at)) },
    });
  });

  test('is not contacted for refused requests, and the exact reason is only in the audit log', async () => {
    const id = idOf(cloud);
    const before = await stage.asked();
    const refused = async (member: Member, path: string) => {
      const { status, body } = await stage.v1(member, `${id}/${path}`);
      const [line] = await stage.audit(`client=${member.id}&event=exchange.refused&limit=1`);
      const { request_id: _, ...plain } = body;
      return { answer: { status, body: plain }, line };
    };
    const problem = (status: number, title: string, code: string, detail: string, advice: string) => ({
      status,
      body: { type: `urn:sojourn:error:${code}`, title, status, code, detail, advice },
    });
    const noConnection = problem(
      404,
      'Not Found',
      'connection_not_found',
      'There is no such connection, or the client may not use it.',
      'Check the connection id, and that the client may use it (`sojourn client show`).',
    );
    const noPurpose = problem(
      404,
      'Not Found',
      'purpose_not_found',
      'The connection has no such purpose for this client.',
      'Check the purpose, and that the client may use the connection for it (`sojourn can`).',
    );
    const lineOf = (member: Member, reason: string) => ({
      event: 'exchange.refused',
      outcome: 'refused',
      actor: member.id,
      client: member.id,
      source_ip: '127.0.0.1',
      connection: id,
      reason,
    });
    const rows: [Member, string, object, string][] = [
      [deployer, 'token', noConnection, 'connection_not_found: rule 0: purposes'],
      [
        deployer,
        'credentials?purpose=read',
        noPurpose,
        'purpose_not_found: rule 0 for purpose read: purposes',
      ],
      [
        deployer,
        'credentials?purpose=paint',
        noPurpose,
        'purpose_not_found: rule 0 for an unknown purpose: purposes',
      ],
      [
        whole,
        'credentials?purpose=paint',
        noPurpose,
        'purpose_not_found: rule 0 for an unknown purpose: purposes',
      ],
      // Who may not use the connection now is not told which purposes it has.
      [nobody, 'credentials?purpose=deploy', noConnection, 'connection_not_found'],
      [
        late,
        'credentials?purpose=deploy',
        noConnection,
        'connection_not_found: rule 0 for purpose deploy: claims.ref',
      ],
      [both, 'token', noConnection, 'connection_not_found: rule 0: purposes'],
      [
        both,
        'credentials',
        problem(
          400,
          'Bad Request',
          'purpose_required',
          'The client may use the connection for several purposes (deploy, read), and the request names none.',
          'Send one of the purposes as the parameter `purpose`.',
        ),
        'purpose_required',
      ],
    ];
    for (const [member, path, answer, reason] of rows)
      expect(await refused(member, path)).toEqual({ answer, line: lineOf(member, reason) });
    expect(await stage.asked()).toBe(before);
  });
});

describe('a cloud token', () => {
  test('is refused at /token for a client that is limited to purposes, like for a client without access', async () => {
    for (const cloud of clouds) {
      const resource = `urn:sojourn:connection:${idOf(cloud)}`;
      const none = await nobody.signIn(resource);
      expect(none.body.error).toBe('invalid_target');
      for (const member of [deployer, both]) {
        expect(await member.signIn(resource)).toEqual(none);
        const [line] = await stage.audit(`client=${member.id}&event=token.refused&limit=1`);
        expect(line?.reason).toBe('invalid_target: rule 0: purposes');
      }
      expect((await whole.signIn(resource)).status).toBe(200);
    }
  });

  test('cannot be narrowed: the parameter purpose is rejected at /token', async () => {
    const { body } = await fetch(`${stage.server.issuer}/token`, {
      method: 'POST',
      body: new URLSearchParams({ grant_type: 'client_credentials', client_id: whole.id, purpose: 'deploy' }),
    }).then(async (answer) => ({ body: (await answer.json()) as object }));
    expect(body).toEqual({
      error: 'invalid_request',
      error_description:
        'The parameter purpose is not supported here: a cloud token cannot be narrowed to a purpose. Fetch a token for urn:sojourn:api and send the purpose to /v1/connections/ID/credentials.',
    });
    const { status, body: problem } = await stage.v1(whole, `${idOf('aws')}/token?purpose=deploy`);
    expect([status, problem.code]).toEqual([400, 'unknown_parameter']);
  });

  test('for /v1 carries no claims if no condition depends on claims', async () => {
    const payload = decodeJwt(await stage.bearer(deployer));
    expect(Object.keys(payload).toSorted()).toEqual(
      ['aud', 'client_id', 'exp', 'iat', 'iss', 'jti', 'nbf', 'secret_id', 'sub'].toSorted(),
    );
  });
});

describe('cached credentials', () => {
  test('expire as their purpose requires, and are never shared between purposes', async () => {
    const id = idOf('gcp');
    const deploy = await stage.v1(both, `${id}/credentials?purpose=deploy`);
    const read = await stage.v1(both, `${id}/credentials?purpose=read`);
    expect(secondsLeft(deploy)).toBeLessThanOrEqual(600);
    expect(secondsLeft(read)).toBeGreaterThan(3000);
    expect(deploy.body.credentials).not.toEqual(read.body.credentials);
  });

  test('are replaced after a change of the purpose', async () => {
    const id = idOf('aws');
    const before = await stage.v1(deployer, `${id}/credentials`);
    await stage.server.admin.patch(`/connections/${id}`, {
      purposes: { ...purposes.aws, deploy: { ...purposes.aws.deploy, duration_seconds: 1200 } },
    });
    const { result, log } = await askedOf(stage.sandbox, 'aws', () =>
      stage.v1(deployer, `${id}/credentials`),
    );
    expect(log).toEqual([assumed({ DurationSeconds: '1200', Policy: sessionPolicy })]);
    expect(result.body.credentials).not.toEqual(before.body.credentials);
  });

  test('never appear in the log, nor do tokens', async () => {
    const logged = stage.server.logged();
    const token = await stage.bearer(deployer);
    const { body } = await stage.withBearer(token, `${idOf('aws')}/credentials`);
    const { secret_access_key, session_token } = body.credentials as Record<string, string>;
    for (const secret of [token, secret_access_key, session_token]) {
      expect(typeof secret).toBe('string');
      expect(logged).not.toContain(secret);
      expect(stage.server.logged()).not.toContain(secret);
    }
  });
});
