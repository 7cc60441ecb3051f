/** Terraform itself with the real aws provider, where the machine has both: against moto, and against the sandbox. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import {
  CreatePolicyCommand,
  GetRoleCommand,
  IAMClient,
  ListAttachedRolePoliciesCommand,
  ListOpenIDConnectProvidersCommand,
} from '@aws-sdk/client-iam';
import { afterAll, beforeAll, expect } from '@jest/globals';
import { setup } from '../../../src/clouds/aws/setup.ts';
import { freePort } from '../../../src/sandbox/demo/local-server.ts';
import { obstacleTo, testWith } from '../../support/programs.ts';
import { contentOf, facts, inTemporaryDirectory } from './arrange.ts';
import { applyTerraform, deploy, iamOf, pluginFolders } from './aws.arrange.ts';
import { factsFor, fileFor, type SetupBench, setupBench } from './bench.ts';

const plugins = pluginFolders.find((folder) => existsSync(folder));
const provider = 'the aws provider of Terraform';
const applied = (...more: string[]) =>
  testWith(['terraform', provider, ...more], (name) => {
    if (name !== provider) return obstacleTo(name);
    return plugins === undefined ? 'is not installed' : undefined;
  });

let bench: SetupBench;
const started: ChildProcess[] = [];
beforeAll(async () => {
  bench = await setupBench();
});
afterAll(async () => {
  for (const child of started) child.kill('SIGKILL');
  await bench.close();
});

async function startMoto(): Promise<string> {
  const port = await freePort();
  const child = spawn('moto_server', ['-H', '127.0.0.1', '-p', String(port)], { stdio: 'ignore' });
  started.push(child);
  const url = `http://127.0.0.1:${port}`;
  for (let tries = 0; tries < 300; tries += 1) {
    if (
      await fetch(url).then(
        () => true,
        () => false,
      )
    )
      return url;
    await wait(200);
  }
  throw new Error('moto does not answer');
}

applied('moto_server')(
  'main.tf is applied to moto: the provider, the role, its trust and its policies',
  async () => {
    const url = await startMoto();
    const iam = new IAMClient({
      endpoint: url,
      region: 'us-east-1',
      credentials: { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'any' },
    });
    const document = {
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Action: 's3:*', Resource: '*' }],
    };
    const { Policy } = await iam.send(
      new CreatePolicyCommand({ PolicyName: 'theirs', PolicyDocument: JSON.stringify(document) }),
    );
    const theirs = Policy?.Arn ?? '';
    const main = contentOf(
      setup(
        { region: 'us-east-1', duration_seconds: 7200, session_tags: { Team: 'x' } },
        facts({
          connection: { id: 'con_7h2k9', name: 'a "b" ${c}' },
          vendor: "Vendor's ${x} %{y}",
          permissions: {
            all: {
              policy: {
                Version: '2012-10-17',
                Statement: [{ Effect: 'Deny', Action: 's3:*', Resource: 'arn:aws:s3:::${aws:username}' }],
              },
            },
          },
          options: { tags: { Team: 'a b' }, managed_policy_arns: [theirs] },
        }),
      ),
      'main.tf',
    );
    await inTemporaryDirectory(async (cwd) => {
      const { status, stderr, outputs } = await applyTerraform(cwd, {
        main,
        url,
        account: 'AKIAIOSFODNN7EXAMPLE',
        plugins: plugins ?? '',
      });
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
      const RoleName = 'sojourn-con_7h2k9';
      expect(outputs.role_arn?.value).toMatch(new RegExp(`^arn:aws:iam::\\d{12}:role/${RoleName}$`));
      const account = outputs.role_arn?.value.split(':')[4];
      const provider = `arn:aws:iam::${account}:oidc-provider/id.vendor.com/t/ten_x`;
      const { OpenIDConnectProviderList: providers } = await iam.send(
        new ListOpenIDConnectProvidersCommand({}),
      );
      expect(providers).toEqual([{ Arn: provider }]);
      const { Role } = await iam.send(new GetRoleCommand({ RoleName }));
      expect(Role).toMatchObject({
        MaxSessionDuration: 7200,
        Description: "Used by Vendor's ${x} %{y} through connection con_7h2k9.",
        Tags: [{ Key: 'Team', Value: 'a b' }],
      });
      expect(JSON.parse(decodeURIComponent(Role?.AssumeRolePolicyDocument ?? ''))).toEqual({
        Version: '2012-10-17',
        Statement: [
          {
            Effect: 'Allow',
            Principal: { Federated: provider },
            Action: ['sts:AssumeRoleWithWebIdentity', 'sts:TagSession'],
            Condition: {
              StringEquals: {
                'id.vendor.com/t/ten_x:aud': 'sts.amazonaws.com',
                'id.vendor.com/t/ten_x:sub': 'con_7h2k9',
              },
            },
          },
        ],
      });
      const { AttachedPolicies } = await iam.send(new ListAttachedRolePoliciesCommand({ RoleName }));
      expect(AttachedPolicies?.map(({ PolicyArn }) => PolicyArn)).toEqual([theirs]);
    });
  },
  600_000,
);

applied()(
  'main.tf is applied to the sandbox, reports, and its roles are entered, each by its own connection',
  async () => {
    const account = '777777777777';
    const endpoint = `${bench.sandbox.origin}/aws`;
    const [zero, one, two] = await Promise.all(
      ['zero', 'one', 'two'].map((name) => bench.connect('aws', { region: 'us-east-1' }, name)),
    );
    if (!zero || !one || !two) throw new Error('no connections');
    // The provider for the issuer on loopback is there already: Terraform's own takes https alone, even where it makes none.
    await deploy(bench.sandbox.origin, account, fileFor(zero, 'cloudformation.json'));
    const main = fileFor(one, 'main.tf', {
      additional: [{ target: two.target, facts: factsFor(two) }],
      callback: bench.callback,
      options: { existing_provider: true, permissions_boundary: 'arn:aws:iam::aws:policy/PowerUserAccess' },
    });
    const unused = main.replace(/^( {2}url +=) "http:/m, '$1 "https:');
    await inTemporaryDirectory(async (cwd) => {
      const applied = await applyTerraform(cwd, {
        main: unused,
        url: endpoint,
        account,
        plugins: plugins ?? '',
      });
      expect({ status: applied.status, stderr: applied.stderr }).toEqual({ status: 0, stderr: '' });
      const [first, second] = [applied.outputs.role_arn?.value, applied.outputs.role_arn_2?.value];
      expect(bench.heard().map(({ body }) => body)).toEqual([{ role_arn: first }]);
      expect(applied.stdout).toContain('Reported.');
      expect(applied.stdout).not.toContain(bench.callback);
      const { Role } = await iamOf(endpoint, account).send(
        new GetRoleCommand({ RoleName: first?.split('/').at(-1) ?? '' }),
      );
      expect(Role?.PermissionsBoundary?.PermissionsBoundaryArn).toBe(
        'arn:aws:iam::aws:policy/PowerUserAccess',
      );
      await bench.save(one, { role_arn: first });
      await bench.save(two, { role_arn: second });
      expect([await bench.isIn(one), await bench.isIn(two)]).toEqual([true, true]);
      await bench.save(one, { role_arn: second });
      await bench.save(two, { role_arn: first });
      expect([await bench.isIn(one), await bench.isIn(two)]).toEqual([false, false]);
    });
  },
  600_000,
);
