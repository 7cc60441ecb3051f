/** A pasted document, judged over the admin API and by `sojourn lint`. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { oneConnection, type TestConnection, type TestServer, testServer } from '../../support/server.ts';
import { runCommand } from '../../tools/cli/arrange.ts';

let server: TestServer;
let connection: TestConnection;
let folder: string;
beforeAll(async () => {
  server = await testServer();
  ({ connection } = await oneConnection(server));
  folder = await mkdtemp(join(tmpdir(), 'sojourn-lint-'));
}, 60_000);
afterAll(async () => {
  await server.close();
  await rm(folder, { recursive: true });
});

async function post(body: string): Promise<{ status: number; body: Record<string, unknown> }> {
  const answer = await fetch(`${server.adminOrigin}/admin/v1/connections/${connection.id}/lint`, {
    method: 'POST',
    headers: { authorization: `Bearer ${server.adminToken}`, 'content-type': 'application/json' },
    body,
  });
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
}
const lint = (document: string) => post(JSON.stringify({ document }));

test('the only fault of the set-up file of a Kubernetes cluster is an issuer over http; YAML with an alias is refused', async () => {
  const { id } = await server.admin.post<{ id: string }>('/connections', {
    name: 'cluster',
    tenant: connection.tenant,
    cloud: 'kubernetes',
    target: { server: 'https://k8s.example:6443' },
  });
  const file = await server.admin.file(`/connections/${id}/setup/authentication-configuration.yaml`);
  const lintOf = (document: string) => server.admin.post(`/connections/${id}/lint`, { document });
  expect(await lintOf(file)).toEqual({
    document_type: 'kubernetes-authentication-configuration',
    grade: 'D',
    findings: [
      {
        rule: 'rejected',
        severity: 'blocks_access',
        path: 'jwt[0].issuer.url',
        detail:
          'Kubernetes rejects the document. It must be an https URL without a user name, query and fragment.',
        advice: 'Replace the entry of the issuer with that of the set-up file.',
      },
    ],
    corrected: null,
  });
  await expect(lintOf('jwt: &all []\nother: *all\n')).rejects.toThrow(/document:1: anchors and aliases/);
});

const name = () => server.issuer.replace('http://', '');
const statement = (patch: object = {}) => ({
  Effect: 'Allow',
  Principal: { Federated: `arn:aws:iam::111122223333:oidc-provider/${name()}` },
  Action: ['sts:AssumeRoleWithWebIdentity'],
  Condition: {
    StringEquals: { [`${name()}:aud`]: 'sts.amazonaws.com', [`${name()}:sub`]: connection.subject },
  },
  ...patch,
});
const policy = (patch: object = {}) =>
  JSON.stringify({ Version: '2012-10-17', Statement: [statement(patch)] });

const env = () => ({ SOJOURN_ADMIN_URL: server.adminOrigin, SOJOURN_ADMIN_TOKEN: server.adminToken });
async function run(text: string | Buffer, ...args: string[]) {
  const file = join(folder, 'policy.json');
  await writeFile(file, text);
  return runCommand(['lint', file, '--connection', connection.id, ...args], env());
}

describe('a pasted document', () => {
  test('is linted with the corrected document, and nothing is changed or stored', async () => {
    const before = await server.admin.get('/audit?limit=1');
    const anySubject = { StringEquals: { [`${name()}:aud`]: 'sts.amazonaws.com' } };
    expect(await lint(policy({ Condition: anySubject }))).toEqual({
      status: 200,
      body: {
        document_type: 'aws-trust-policy',
        grade: 'F',
        findings: [
          {
            rule: 'sub_missing',
            severity: 'overly_permissive',
            path: 'Statement[0].Condition',
            detail: `The subject is not limited to this connection: every customer of this issuer can assume the role, for example with con_${'0'.repeat(26)}.`,
            advice: `Add StringEquals with ${connection.subject}.`,
          },
        ],
        corrected: `${JSON.stringify(JSON.parse(policy()), null, 2)}\n`,
      },
    });
    expect(await server.admin.get('/audit?limit=1')).toEqual(before);
  });

  test('is parsed strictly and may have up to 64 KB', async () => {
    const refusals: [string, string][] = [
      ['{"Statement":', 'document: must be JSON'],
      [
        '{"Statement":[],"Statement":[]}',
        'document: must not contain a member twice: some readers use the first one, others the last one',
      ],
      [
        '[]',
        'document: must be a trust policy (Statement), a role (AssumeRolePolicyDocument) or an OIDC provider (ClientIDList)',
      ],
      ['', 'document: must not be empty'],
      [`{"Statement":"${'x'.repeat(65_536)}"}`, 'document: must be at most 64 KB'],
    ];
    for (const [document, detail] of refusals)
      expect(await lint(document)).toMatchObject({ status: 400, body: { code: 'invalid_request', detail } });
    expect(await post('{}')).toMatchObject({ status: 400, body: { detail: 'document: is missing' } });
    expect(await post(JSON.stringify({ document: '"'.repeat(70_000) }))).toMatchObject({
      status: 413,
      body: { code: 'body_too_large', detail: 'The body is larger than 129 KB.' },
    });
    const { status, body } = await lint(policy({ Sid: '"\\'.repeat(15_000) }));
    expect([status, body.grade]).toEqual([200, 'D']);
    expect(await lint(`\uFEFF${policy()}`)).toMatchObject({ status: 200, body: { grade: 'A' } });
    expect((await lint('['.repeat(60_000) + ']'.repeat(5_000))).status).toBe(400);
  });

  test('is linted by the command line, which exits with 1 unless the document is safe', async () => {
    expect(await run(policy())).toMatchObject({ code: 0, out: 'aws-trust-policy: A\n' });
    const wide = policy({ Condition: { StringLike: { [`${name()}:sub`]: 'con_*' } } });
    const { code, out } = await run(wide);
    expect(code).toBe(1);
    expect(out).toMatch(
      /^aws-trust-policy: F\n\nSEVERITY +RULE +PATH +DETAIL\noverly_permissive +wildcard +Statement\[0\]\.Condition\.StringLike +con_\* matches/,
    );
    expect(await run(wide, '--corrected')).toMatchObject({
      code: 1,
      out: `${JSON.stringify(JSON.parse(policy()), null, 2)}\n`,
    });
    expect(await runCommand(['lint', join(folder, 'policy.json')], env())).toMatchObject({
      code: 2,
      err: 'Give the connection of the document with --connection ID.\n',
    });
  }, 60_000);

  test('of the organization is linted with --guardrail, which exits with 1 unless it allows the connection', async () => {
    const sub = `${name()}:sub`;
    const guardrail = (Condition: object) =>
      JSON.stringify({
        Version: '2012-10-17',
        Statement: [
          {
            ...{ Sid: 'Trusted', Effect: 'Deny', Principal: '*', Resource: '*' },
            ...{ Action: 'sts:AssumeRoleWithWebIdentity', Condition },
          },
        ],
      });
    const refusing = guardrail({ Null: { 'gitlab.com:sub': 'true' } });
    const exception = `${JSON.stringify(
      JSON.parse(
        guardrail({ Null: { 'gitlab.com:sub': 'true' }, StringNotEquals: { [sub]: connection.subject } }),
      ),
      null,
      2,
    )}\n`;
    const { code, out } = await run(refusing, '--guardrail');
    expect([code, out]).toEqual([
      1,
      expect.stringMatching(
        /^aws-resource-control-policy: refuses\n\nSTEP +RULE +PATH +DETAIL\nexchange a token +Trusted +Statement\[0\] +It denies/,
      ),
    ]);
    expect(out.endsWith(`\nWith an exception:\n\n${exception}`)).toBe(true);
    expect(await run(refusing, '--guardrail', '--exception')).toEqual({ code: 1, out: exception, err: '' });
    const reverse = await run(refusing, '--guardrail', '--reverse');
    expect(reverse.out).toContain('"OnlyThisSubject"');
    expect(await run(reverse.out, '--guardrail')).toEqual({
      ...{ code: 0, err: '' },
      out: 'aws-resource-control-policy: allows\n',
    });
    expect(await run(reverse.out, '--guardrail', '--exception')).toEqual({
      ...{ code: 0, out: '' },
      err: 'No exception: the guardrail needs none, or names resources that it would have to leave out.\n',
    });
  }, 60_000);

  test('has no corrected document on the command line if the customer has to choose', async () => {
    const denied = JSON.stringify({
      Version: '2012-10-17',
      Statement: [statement(), statement({ Effect: 'Deny', Principal: '*', Condition: {} })],
    });
    expect(await run(denied, '--corrected')).toEqual({
      ...{ code: 1, out: '' },
      err: 'No corrected document: follow the advice of each finding.\n',
    });
  }, 60_000);

  test('may be a file in UTF-16', async () => {
    const bytes = Buffer.from(`\uFEFF${policy()}`, 'utf16le');
    expect(await run(bytes)).toMatchObject({ code: 0, out: 'aws-trust-policy: A\n' });
    expect(await run(bytes.swap16())).toMatchObject({ code: 0, out: 'aws-trust-policy: A\n' });
  }, 60_000);
});
