/** The files for AWS, applied to the sandbox as a customer would, and entered afterwards. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { GetRoleCommand, GetRolePolicyCommand, ListAttachedRolePoliciesCommand } from '@aws-sdk/client-iam';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { testWith } from '../../support/programs.ts';
import { inTemporaryDirectory } from './arrange.ts';
import { administrator, deploy, iamOf, rolesIn, runProgram } from './aws.arrange.ts';
import { factsFor, fileFor, type Live, type SetupBench, setupBench } from './bench.ts';

let bench: SetupBench;
let endpoint: string;
beforeAll(async () => {
  bench = await setupBench();
  endpoint = `${bench.sandbox.origin}/aws`;
});
afterAll(() => bench.close());

const connect = (name?: string, target: object = {}) =>
  bench.connect('aws', { region: 'us-east-1', ...target }, name);
const additionalOf = (connection: Live) => ({ target: connection.target, facts: factsFor(connection) });
const readOnly = {
  managed_policy_arns: ['arn:aws:iam::aws:policy/ReadOnlyAccess'],
  policy: {
    Version: '2012-10-17',
    Statement: [{ Effect: 'Deny', Action: 's3:*', Resource: 'arn:aws:s3:::${aws:username}/*' }],
  },
};

describe('the CloudFormation template', () => {
  test('creates a role that admits the connection, reports it, and leaves nothing after its deletion', async () => {
    const account = '111111111111';
    const connection = await connect();
    const template = fileFor(connection, 'cloudformation.json', { callback: bench.callback });
    const made = await deploy(bench.sandbox.origin, account, template);
    expect(made).toMatchObject({ status: 'CREATE_COMPLETE', outputs: { Report: 'Reported.' } });
    const { RoleArn: role_arn } = made.outputs;
    expect(bench.heard()).toEqual([
      { method: 'POST', url: '/connect/inv_1/report', type: 'application/json', body: { role_arn } },
    ]);
    await bench.save(connection, { role_arn });
    expect(await bench.isIn(connection)).toBe(true);
    await made.remove();
    expect([await rolesIn(endpoint, account), bench.heard()]).toEqual([[], []]);
  });

  test('of a second connection reuses the provider, which outlives the stack of the first', async () => {
    const account = '111111111116';
    const { admin } = bench.server;
    const { id: tenant } = await admin.post<{ id: string }>('/tenants', { name: 'Two in one account' });
    const create = (name: string) => admin.post<Live>('/connections', { name, tenant, cloud: 'aws' });
    const [one, two] = [await create('one'), await create('two')];
    const deployFrom = async ({ id }: Live) => {
      const template = await admin.file(`/connections/${id}/setup/cloudformation.json`);
      return deploy(bench.sandbox.origin, account, template, {}, id.replace('_', '-'));
    };
    const first = await deployFrom(one);
    await bench.save(one, { role_arn: first.outputs.RoleArn });
    expect(await bench.isIn(one)).toBe(true);
    const second = await deployFrom(two);
    expect([first.status, second.status]).toEqual(['CREATE_COMPLETE', 'CREATE_COMPLETE']);
    await bench.save(two, { role_arn: second.outputs.RoleArn });
    await first.remove();
    expect([await bench.isIn(one), await bench.isIn(two)]).toEqual([false, true]);
  });

  testWith(['aws'])(
    'is deployed, changed and found unchanged by an unmodified `aws cloudformation deploy`',
    async () => {
      const account = '111111111117';
      const connection = await connect();
      const command = (source: string) =>
        inTemporaryDirectory((cwd) => {
          writeFileSync(join(cwd, 'cloudformation.json'), source);
          const args =
            'cloudformation deploy --template-file cloudformation.json --stack-name sojourn --capabilities CAPABILITY_NAMED_IAM --no-fail-on-empty-changeset';
          return runProgram('aws', args.split(' '), { cwd, env: administrator(endpoint, account) });
        });
      const template = fileFor(connection, 'cloudformation.json', { options: { role_name: 'vendor' } });
      const role_arn = `arn:aws:iam::${account}:role/vendor`;
      const done = {
        status: 0,
        stderr: '',
        stdout: expect.stringContaining('Successfully created/updated stack - sojourn'),
      };
      expect(await command(template)).toEqual(done);
      await bench.save(connection, { role_arn });
      expect(await bench.isIn(connection)).toBe(true);

      const changed = fileFor(connection, 'cloudformation.json', {
        options: { role_name: 'vendor', tags: { Team: 'a' } },
        permissions: { 'read-only': readOnly },
      });
      // The CLI names a change set by the second.
      await sleep(1_000);
      expect(await command(changed)).toEqual(done);
      const { PolicyDocument = '' } = await iamOf(endpoint, account).send(
        new GetRolePolicyCommand({ RoleName: 'vendor', PolicyName: 'read-only' }),
      );
      expect(JSON.parse(decodeURIComponent(PolicyDocument))).toEqual(readOnly.policy);
      const { Role } = await iamOf(endpoint, account).send(new GetRoleCommand({ RoleName: 'vendor' }));
      expect(Role?.Tags).toEqual([{ Key: 'Team', Value: 'a' }]);
      expect(await bench.isIn(connection)).toBe(true);
      await sleep(1_000);
      expect(await command(changed)).toEqual({
        status: 0,
        stderr: '',
        stdout: expect.stringContaining('No changes to deploy. Stack sojourn is up to date'),
      });
    },
    60_000,
  );

  test('is stopped by guardrails as the lint says, and not with its exceptions', async () => {
    const account = '111111111118';
    const { admin } = bench.server;
    // Its first connection, so that the set-up creates the provider.
    const { id: tenant } = await admin.post<{ id: string }>('/tenants', { name: 'With guardrails' });
    const connection = await admin.post<Live>('/connections', { name: 'one', tenant, cloud: 'aws' });
    const guard = async (...documents: object[]) => {
      const guardrails = documents.map((document) => ({ scope: account, document }));
      const answer = await fetch(`${bench.sandbox.origin}/sandbox/guardrails`, {
        method: 'PUT',
        body: JSON.stringify({ cloud: 'aws', guardrails }),
      });
      expect(answer.status).toBe(200);
    };
    const lint = (document: object) =>
      admin.post<{ verdict: string; exception: string }>(`/connections/${connection.id}/lint-guardrail`, {
        document: JSON.stringify(document),
      });
    const statement = (more: object) => ({ Effect: 'Deny', Resource: '*', ...more });
    const policy = (more: object) => ({ Version: '2012-10-17', Statement: [statement(more)] });
    const scp = policy({ Action: ['iam:CreateOpenIDConnectProvider', 'iam:CreateSAMLProvider'] });
    const rcp = policy({ Principal: '*', Action: 'sts:AssumeRoleWithWebIdentity' });
    const template = fileFor(connection, 'cloudformation.json');

    await guard(scp);
    const stopped = await deploy(bench.sandbox.origin, account, template, {}, 'stopped');
    const setUp = await lint(scp);
    expect([setUp.verdict, stopped.status]).toEqual(['refuses', 'ROLLBACK_COMPLETE']);
    await guard(JSON.parse(setUp.exception), rcp);
    const { status, outputs } = await deploy(bench.sandbox.origin, account, template);
    expect(status).toBe('CREATE_COMPLETE');
    await bench.save(connection, { role_arn: outputs.RoleArn });
    const { checks } = await bench.verify(connection);
    expect(checks.at(-1)).toMatchObject({
      name: 'exchange',
      detail: expect.stringContaining('cloud_policy_forbids'),
    });
    const token = await lint(rcp);
    expect(token.verdict).toBe('refuses');
    await guard(JSON.parse(setUp.exception), JSON.parse(token.exception));
    expect(await bench.isIn(connection)).toBe(true);
    await guard();
  });

  test('has exactly the values of a token of the connection', async () => {
    const connection = await connect();
    const claims = await bench.claims(connection);
    const { Resources } = JSON.parse(fileFor(connection, 'cloudformation.json'));
    const name = String(claims.iss).replace('http://', '');
    expect(Resources.Provider.Properties).toEqual({ Url: claims.iss, ClientIdList: [claims.aud] });
    expect(Resources.Role.Properties.AssumeRolePolicyDocument.Statement[0].Condition).toEqual({
      StringEquals: { [`${name}:aud`]: claims.aud, [`${name}:sub`]: claims.sub },
    });
  });

  test('succeeds even if its report fails, and shows the failure in its outputs', async () => {
    const connection = await connect();
    const template = fileFor(connection, 'cloudformation.json', { callback: bench.callback });
    bench.answer(500);
    const refused = await deploy(bench.sandbox.origin, '111111111112', template);
    bench.answer(204);
    const deaf = fileFor(connection, 'cloudformation.json', { callback: 'http://127.0.0.1:1/' });
    const unheard = await deploy(bench.sandbox.origin, '111111111113', deaf);
    const silent = await deploy(bench.sandbox.origin, '111111111114', template, { ReportBack: 'false' });
    const advice = 'Not reported. Save RoleArn as role_arn of the connection yourself.';
    expect([refused, unheard, silent].map(({ status, outputs }) => [status, outputs.Report])).toEqual([
      ['CREATE_COMPLETE', `${advice} The server answered with HTTP status 500.`],
      ['CREATE_COMPLETE', `${advice} The server did not answer.`],
      ['CREATE_COMPLETE', undefined],
    ]);
    expect(bench.heard()).toHaveLength(1);
    expect(await rolesIn(endpoint, '111111111114')).toHaveLength(1);
  });

  test('creates several roles of one tenant, each with the permissions and admitting its own connection only', async () => {
    const account = '111111111115';
    const boundary = 'arn:aws:iam::aws:policy/PowerUserAccess';
    const [one, two] = [await connect('one'), await connect('two', { session_tags: { Team: 'x' } })];
    const template = fileFor(one, 'cloudformation.json', {
      additional: [additionalOf(two)],
      permissions: { 'read-only': readOnly },
      options: {
        role_name: 'vendor',
        permissions_boundary: boundary,
        tags: { Team: 'a b', Env: '' },
        max_session_seconds: 7200,
      },
    });
    const { status, outputs } = await deploy(bench.sandbox.origin, account, template);
    expect(status).toBe('CREATE_COMPLETE');
    expect(outputs.RoleArn).toBe(`arn:aws:iam::${account}:role/vendor`);
    const iam = iamOf(endpoint, account);
    for (const arn of [outputs.RoleArn, outputs.RoleArn2]) {
      const RoleName = arn?.split('/').at(-1) ?? '';
      const { Role } = await iam.send(new GetRoleCommand({ RoleName }));
      expect(Role).toMatchObject({
        MaxSessionDuration: 7200,
        PermissionsBoundary: { PermissionsBoundaryArn: boundary },
        Tags: [
          { Key: 'Team', Value: 'a b' },
          { Key: 'Env', Value: '' },
        ],
      });
      const { AttachedPolicies } = await iam.send(new ListAttachedRolePoliciesCommand({ RoleName }));
      expect(AttachedPolicies?.map(({ PolicyArn }) => PolicyArn)).toEqual(readOnly.managed_policy_arns);
      const { PolicyDocument = '' } = await iam.send(
        new GetRolePolicyCommand({ RoleName, PolicyName: 'read-only' }),
      );
      expect(JSON.parse(decodeURIComponent(PolicyDocument))).toEqual(readOnly.policy);
    }
    await bench.save(one, { role_arn: outputs.RoleArn });
    await bench.save(two, { role_arn: outputs.RoleArn2 });
    expect([await bench.isIn(one), await bench.isIn(two)]).toEqual([true, true]);
    await bench.save(one, { role_arn: outputs.RoleArn2 });
    await bench.save(two, { role_arn: outputs.RoleArn });
    const refused = [await bench.verify(one), await bench.verify(two)];
    expect(refused.map(({ checks }) => checks.map(({ name, outcome }) => [name, outcome]))).toEqual(
      [0, 1].map(() => [
        ['target', 'passed'],
        // Refused, as a role is at first that was just made.
        ['exchange', 'propagating'],
      ]),
    );
  });
});

describe('the AWS script', () => {
  const run = (source: string, account: string) =>
    inTemporaryDirectory((cwd) => {
      writeFileSync(join(cwd, 'setup.sh'), source);
      return runProgram('bash', ['setup.sh'], { cwd, env: administrator(endpoint, account) });
    });

  testWith(['aws'])(
    'creates what does not exist with the real AWS CLI, reports, and can be run again',
    async () => {
      const account = '222222222222';
      const connection = await connect(undefined, { session_tags: { Team: 'x' } });
      const more = {
        callback: bench.callback,
        permissions: { 'read-only': readOnly },
        options: { tags: { Team: 'a b' }, permissions_boundary: 'arn:aws:iam::aws:policy/PowerUserAccess' },
      };
      const first = await run(fileFor(connection, 'setup.sh', more), account);
      const role_arn = `arn:aws:iam::${account}:role/sojourn-${connection.id}`;
      expect(first).toEqual({
        status: 0,
        stderr: '',
        stdout: [
          'Create the OIDC provider',
          `Create the role sojourn-${connection.id}`,
          `role_arn of ${connection.id}: ${role_arn}`,
          'Reported.',
          '',
        ].join('\n'),
      });
      expect(bench.heard()).toEqual([
        { method: 'POST', url: '/connect/inv_1/report', type: 'application/json', body: { role_arn } },
      ]);
      await bench.save(connection, { role_arn });
      expect(await bench.isIn(connection)).toBe(true);

      bench.answer(404);
      const again = await run(fileFor(connection, 'setup.sh', more), account);
      bench.answer(204);
      expect(again).toEqual({
        status: 0,
        stderr: expect.stringContaining('Not reported: send the ids shown here'),
        stdout: [
          'The OIDC provider exists; make sure that it lists the audience',
          `Update the role sojourn-${connection.id}`,
          `role_arn of ${connection.id}: ${role_arn}`,
          '',
        ].join('\n'),
      });
      expect(await bench.isIn(connection)).toBe(true);
    },
    180_000,
  );
});
