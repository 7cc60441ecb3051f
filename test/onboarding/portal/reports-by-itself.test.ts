/** The files of the page, applied unchanged: the set-up reports automatically, and the page shows Active. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CreateRoleCommand, GetRoleCommand, ListOpenIDConnectProvidersCommand } from '@aws-sdk/client-iam';
import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals';
import * as gcp from '../../../src/sandbox/demo/customer/gcp.ts';
import { call } from '../../../src/sandbox/demo/http.ts';
import { testWith } from '../../support/programs.ts';
import { inTemporaryDirectory } from '../setup/arrange.ts';
import { administrator, deploy, iamOf, type Ran, runProgram } from '../setup/aws.arrange.ts';
import { armAt, makeGroup, runScript as runAz } from '../setup/azure.arrange.ts';
import { runScript as runGcloud } from '../setup/gcp-applied.arrange.ts';
import { type Cloud, type Invited, openStage, type Stage } from './stage.ts';

// Scripts run the clouds' command-line tools, which start slowly.
jest.setTimeout(60_000);

let stage: Stage;
let clock = 0;
beforeAll(async () => {
  stage = await openStage({ now: () => Date.now() + clock });
});
afterAll(() => stage.close());
afterEach(() => {
  clock = 0;
  return stage.reset();
});

const fileOf = async ({ invitation }: Invited, name: string) =>
  (await call({ url: `${invitation.url}/files/${name}` })).body;
const statusOf = async ({ invitation }: Invited) =>
  /id="status-title">.*?<\/span>(.*?)<\/h2>/.exec((await call({ url: invitation.url })).body)?.[1];
const account = '111122223333';
const runAws = (source: string): Promise<Ran> =>
  inTemporaryDirectory(async (cwd) => {
    writeFileSync(join(cwd, 'setup.sh'), source);
    return runProgram('sh', ['setup.sh'], { cwd, env: administrator(`${stage.sandbox}/aws`, account) });
  });

const applied: [Cloud, string, (invited: Invited, source: string) => Promise<unknown>][] = [
  ['aws', 'cloudformation.json', (_, source) => deploy(stage.sandbox, account, source)],
  [
    'azure',
    'setup.sh',
    async (_, source) => {
      await makeGroup(armAt(`${stage.sandbox}/azure`), 'workloads');
      return runAz(`${stage.sandbox}/azure`, 'workloads', source);
    },
  ],
  [
    'gcp',
    'setup.sh',
    async (_, source) => {
      await gcp.prepareProject(`${stage.sandbox}/gcp`);
      return runGcloud(`${stage.sandbox}/gcp`, source);
    },
  ],
];

test.each(applied)(
  'the page for %s shows Active after %s is applied, without a manual report',
  async (cloud, name, apply) => {
    const invited = await stage.invite(cloud);
    expect(await statusOf(invited)).toBe('Waiting for you');
    await apply(invited, await fileOf(invited, name));
    expect(await statusOf(invited)).toBe('Active');
    expect((await stage.token(invited.connection)).status).toBe(200);
  },
);

test('after the first success, the page shows the latest verification, requested by any actor', async () => {
  const invited = await stage.invite('aws');
  const stack = await deploy(stage.sandbox, account, await fileOf(invited, 'cloudformation.json'));
  expect(await statusOf(invited)).toBe('Active');
  await stack.remove();
  const verify = () => stage.server.admin.post(`/connections/${invited.connection.id}/verify`);
  await verify();
  // Longer than IAM changes propagate and than drift must last, so the refusal counts as failed.
  clock = 61_000;
  const body = { offset_seconds: 61 };
  await call({ method: 'PUT', url: `${stage.sandbox}/sandbox/clock`, body });
  await verify();
  expect(await statusOf(invited)).toBe('Not working');
  const { verification } = await stage.server.admin.get<{
    verification: { checks: { outcome: string; detail: string; advice: string }[] };
  }>(`/connections/${invited.connection.id}/verification`);
  const { detail, advice } = verification.checks.find(({ outcome }) => outcome === 'failed')!;
  const page = (await call({ url: invited.invitation.url })).body;
  expect(page).toContain(detail);
  expect(page).toContain(advice);
});

describe('an existing role that trusts another account by an external id', () => {
  const role_arn = `arn:aws:iam::${account}:role/vendor`;
  const before = {
    Sid: 'Before',
    Effect: 'Allow',
    Principal: { AWS: 'arn:aws:iam::999988887777:root' },
    Action: 'sts:AssumeRole',
    Condition: { StringEquals: { 'sts:ExternalId': "acme's id" } },
  };
  const iam = () => iamOf(`${stage.sandbox}/aws`, account);
  const trust = async () =>
    JSON.parse(
      decodeURIComponent(
        (await iam().send(new GetRoleCommand({ RoleName: 'vendor' }))).Role?.AssumeRolePolicyDocument ?? '',
      ),
    ) as { Statement: unknown[] };

  testWith(['aws', 'jq'])(
    'works after the script of the page, keeps its previous trust, and gets the new statement once',
    async () => {
      await iam().send(
        new CreateRoleCommand({
          RoleName: 'vendor',
          AssumeRolePolicyDocument: JSON.stringify({ Version: '2012-10-17', Statement: before }),
        }),
      );
      const invited = await stage.invite('aws', { target: { role_arn } });
      const script = await fileOf(invited, 'keep-role.sh');
      const statement = JSON.parse(await fileOf(invited, 'trust-statement.json')) as object;
      const ran = await runAws(script);
      expect(ran).toMatchObject({ status: 0, stderr: '', stdout: expect.stringMatching(/Reported\.\n$/) });
      expect(await statusOf(invited)).toBe('Active');
      expect((await trust()).Statement).toEqual([before, statement]);
      expect((await runAws(script)).status).toBe(0);
      expect((await trust()).Statement).toEqual([before, statement]);
    },
  );

  testWith(['aws', 'jq'])(
    'is not changed by a script that runs in another account, and nothing is created there',
    async () => {
      const target = { role_arn: role_arn.replace(account, '444455556666') };
      const ran = await runAws(await fileOf(await stage.invite('aws', { target }), 'keep-role.sh'));
      expect(ran).toMatchObject({
        status: 1,
        stderr: 'The role is in account 444455556666. Nothing was changed.\n',
      });
      const { OpenIDConnectProviderList } = await iam().send(new ListOpenIDConnectProvidersCommand({}));
      expect(OpenIDConnectProviderList).toEqual([]);
    },
  );
});
