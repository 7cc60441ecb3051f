/** The files for AWS with the real AWS CLI, in accounts that have other trust or are many. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  CreateOpenIDConnectProviderCommand,
  GetRoleCommand,
  UpdateAssumeRolePolicyCommand,
} from '@aws-sdk/client-iam';
import { afterAll, beforeAll, describe, expect } from '@jest/globals';
import { testWith } from '../../support/programs.ts';
import { inTemporaryDirectory } from './arrange.ts';
import { administrator, iamOf, runProgram } from './aws.arrange.ts';
import { factsFor, fileFor, filesFor, type Live, type SetupBench, setupBench } from './bench.ts';

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

describe('the AWS script', () => {
  const run = (source: string, account: string) =>
    inTemporaryDirectory((cwd) => {
      writeFileSync(join(cwd, 'setup.sh'), source);
      return runProgram('bash', ['setup.sh'], { cwd, env: administrator(endpoint, account) });
    });

  testWith(['aws'])(
    'does not change a role that also trusts another principal',
    async () => {
      const account = '222222222223';
      const target = { role_arn: `arn:aws:iam::${account}:role/deploy` };
      const [one, two] = [await connect('one', target), await connect('two', target)];
      expect(await run(fileFor(one, 'setup.sh'), account)).toMatchObject({ status: 0, stderr: '' });

      const RoleName = 'deploy';
      const iam = iamOf(endpoint, account);
      const trusts = async () => {
        const { Role } = await iam.send(new GetRoleCommand({ RoleName }));
        return JSON.parse(decodeURIComponent(Role?.AssumeRolePolicyDocument ?? ''));
      };
      const trust = (policy: object) =>
        iam.send(new UpdateAssumeRolePolicyCommand({ RoleName, PolicyDocument: JSON.stringify(policy) }));
      const said = ({ id }: Live) =>
        [
          'The role deploy exists and trusts others or has other conditions. It was not changed.',
          `To keep it, use keep-role.sh of ${id}, which adds a statement to its trust policy.`,
          '',
        ].join('\n');

      const Version = '2012-10-17';
      const made = (await trusts()) as { Statement: [Record<string, object>] };
      const [ours] = made.Statement;
      const theirs = { Effect: 'Allow', Principal: { AWS: account }, Action: 'sts:AssumeRole' };
      const more = {
        ...ours,
        Condition: { ...ours.Condition, IpAddress: { 'aws:SourceIp': '192.0.2.0/24' } },
      };
      const taken: [Live, object][] = [
        [two, made],
        [one, { Version, Statement: [ours, theirs] }],
        [one, { Version, Statement: theirs }],
        [one, { Version, Statement: [ours, { ...ours, Effect: 'Deny' }] }],
        [one, { Version, Statement: [more] }],
      ];
      for (const [connection, policy] of taken) {
        await trust(policy);
        const { status, stderr } = await run(fileFor(connection, 'setup.sh'), account);
        expect({ status, stderr, trust: await trusts() }).toEqual({
          status: 1,
          stderr: said(connection),
          trust: policy,
        });
      }

      // With another Sid and other actions it is still the statement of the connection.
      await trust({ Version, Statement: { ...ours, Sid: 'Vendor', Action: ['sts:TagSession'] } });
      expect(await run(fileFor(one, 'setup.sh'), account)).toMatchObject({ status: 0, stderr: '' });
      expect([await trusts(), await bench.isIn(one), await bench.isIn(two)]).toEqual([made, true, false]);
    },
    180_000,
  );
});

describe('the AWS stack set', () => {
  const account = (digit: number) => String(digit).repeat(12);
  const roleIn = (digit: number) => ({ role_arn: `arn:aws:iam::${account(digit)}:role/vendor` });

  testWith(['aws'])(
    'gives each account its own role and subject, and is extended by an account when it is run again',
    async () => {
      const management = account(9);
      const [one, two, three, own] = [
        await connect('one', roleIn(3)),
        await connect('two', { ...roleIn(4), source_identity: 'acme' }),
        await connect('three', roleIn(6)),
        await connect('own', roleIn(9)),
      ];
      const run = async (others: readonly Live[], options: object = {}) => {
        const files = filesFor(one, { additional: others.map(additionalOf), options: { ...options } });
        expect(files.map(({ name }) => name)).toEqual(['stackset.json', 'stackset.sh']);
        return inTemporaryDirectory((cwd) => {
          for (const { name, content } of files) writeFileSync(join(cwd, name), content);
          return runProgram('bash', ['stackset.sh', 'ou-abcd-12345678'], {
            cwd,
            env: administrator(endpoint, management),
          });
        });
      };
      const set = `sojourn-${one.id.replace('_', '-')}`;
      expect(await run([two])).toEqual({
        ...{ status: 0, stderr: '' },
        stdout: `Create the stack set ${set}\nCreate stacks in ${account(3)},${account(4)}\n`,
      });
      expect([await bench.isIn(one), await bench.isIn(two)]).toEqual([true, true]);

      // The third account has a provider that was made by hand, and the management account gets no stack.
      await iamOf(endpoint, account(6)).send(
        new CreateOpenIDConnectProviderCommand({ Url: one.issuer, ClientIDList: [one.audience] }),
      );
      const stopped = await run([two, three, own]);
      expect(stopped).toMatchObject({
        status: 1,
        stdout: `Update the stack set ${set}\nCreate stacks in ${account(6)},${account(9)}\n`,
      });
      expect(stopped.stderr).toMatch(new RegExp(`^${account(6)}\t.*already exists`));
      expect(stopped.stderr).toContain(`Not set up: ${account(6)} ${account(9)}\n`);
      expect(await run([two, three], { accounts_with_provider: [account(6)] })).toEqual({
        ...{ status: 0, stderr: '' },
        stdout: `Update the stack set ${set}\n`,
      });
      expect([await bench.isIn(one), await bench.isIn(two), await bench.isIn(three)]).toEqual([
        true,
        true,
        true,
      ]);
      await bench.save(one, roleIn(4));
      await bench.save(two, roleIn(3));
      expect([await bench.isIn(one), await bench.isIn(two)]).toEqual([false, false]);
    },
    120_000,
  );
});
