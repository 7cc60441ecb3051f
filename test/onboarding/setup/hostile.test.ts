/** Whatever stands in names, ids and texts: the file stays what it is, for the readers of its own language. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { setup as setupAws } from '../../../src/clouds/aws/setup.ts';
import { setup as setupAzure } from '../../../src/clouds/azure/setup.ts';
import { bicepString } from '../../../src/clouds/encode/index.ts';
import { setup as setupGcp } from '../../../src/clouds/gcp/setup.ts';
import type { SetupFacts, SetupFile } from '../../../src/clouds/index.ts';
import { testWith } from '../../support/programs.ts';
import { carriable, contentOf, facts, hostileText, inTemporaryDirectory } from './arrange.ts';
import { armOf, bicepText } from './bicep.arrange.ts';
import { gcpFacts, gcpTarget } from './gcp.arrange.ts';
import { readTerraform } from './terraform.arrange.ts';

const text = hostileText.map(carriable);
const policyWith = (value: string) => ({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Deny', Action: '*', Resource: '*', Sid: value }],
});
type Hostile = SetupFacts & { readonly permissions: { readonly all: { readonly policy: object } } };
const hostileFacts: fc.Arbitrary<Hostile> = fc
  .record({ subject: text, audience: text, vendor: text, name: text, callback: text, sid: text })
  .map(({ subject, audience, vendor, name, callback, sid }) => ({
    ...facts({
      subject,
      audience,
      vendor,
      callback: `https:${callback}`,
      connection: { id: 'con_7h2k9', name },
    }),
    permissions: { all: { policy: policyWith(sid), roles: [] } },
  }));
const awsTarget = { region: 'us-east-1', duration_seconds: 3600 };
const azureTarget = { scope: 'https://management.azure.com/.default', environment: 'public' as const };
const ofAws = (given: SetupFacts) => setupAws(awsTarget, given);
const ofAzure = (given: SetupFacts) => setupAzure(azureTarget, given);
const ofGcp = (given: SetupFacts) => setupGcp(gcpTarget(), gcpFacts({ ...given, permissions: {} }));

describe('the Bicep file', () => {
  test('returns every string unchanged', () => {
    fc.assert(fc.property(text, (value) => expect(bicepText(bicepString(value))).toBe(value)));
  });

  test('evaluates no inserted value, like the ARM template', () => {
    fc.assert(
      fc.property(hostileFacts, (given) => {
        const template = armOf(contentOf(ofAzure(given), 'main.bicep'));
        const arm = JSON.parse(contentOf(ofAzure(given), 'azuredeploy.json'));
        expect(template.resources[1]?.properties).toEqual(arm.resources[1].properties);
        expect(template.parameters.identityName).toMatchObject({ defaultValue: 'sojourn-con_7h2k9' });
      }),
    );
  });
});

describe('the Terraform file', () => {
  const read = (artefacts: readonly SetupFile[]) => readTerraform(contentOf(artefacts, 'main.tf'));

  test('for AWS contains exactly the input values', async () => {
    await fc.assert(
      fc.asyncProperty(hostileFacts, async (given) => {
        const { resource, value } = await read(ofAws(given));
        const { provisioner } = resource('terraform_data', 'report') as {
          provisioner: { 'local-exec': [{ environment: { REPORT_TO: string } }] };
        };
        expect({
          audience: value(resource('aws_iam_openid_connect_provider').client_id_list),
          policy: JSON.parse(String(value(resource('aws_iam_role_policy', 'this_1').policy))),
          trust: trustIn(String(resource('aws_iam_role').assume_role_policy)),
          callback: value(provisioner['local-exec'][0].environment.REPORT_TO),
        }).toEqual({
          audience: [given.audience],
          policy: given.permissions.all.policy,
          trust: [given.audience, given.subject],
          callback: given.callback,
        });
      }),
      { numRuns: 40 },
    );
  });

  /** The two values of the condition, as the source has them: quoted strings whose escapes are a part of JSON's. */
  const trustIn = (source: string): string[] =>
    [...source.matchAll(/:(?:aud|sub)" = ("(?:[^"\\]|\\.)*")/g)].map(
      ([, quoted = '']) =>
        JSON.parse(
          quoted.replace(/\\U([0-9a-f]{8})/g, (_, code: string) =>
            JSON.stringify(String.fromCodePoint(Number.parseInt(code, 16))).slice(1, -1),
          ),
        ) as string,
    );

  test('for Azure and Google Cloud contains exactly the input values', async () => {
    await fc.assert(
      fc.asyncProperty(hostileFacts, async (given) => {
        const azure = await read(ofAzure(given));
        const trust = azure.resource('azurerm_federated_identity_credential');
        const google = await read(ofGcp(given));
        const provider = google.resource('google_iam_workload_identity_pool_provider');
        const [oidc] = provider.oidc as [{ allowed_audiences: unknown }];
        expect([azure.value([trust.subject, trust.audience]), google.value(oidc.allowed_audiences)]).toEqual([
          [given.subject, [given.audience]],
          [given.audience],
        ]);
      }),
      { numRuns: 40 },
    );
  });

  testWith(['terraform'])(
    'is in canonical format, for every cloud',
    () => {
      inTemporaryDirectory((directory) => {
        const boundary = {
          options: { permissions_boundary: 'arn:aws:iam::aws:policy/x', tags: { A: 'b', Team: '' } },
        };
        const files = fc
          .sample(hostileFacts, 8)
          .flatMap((given) => [
            ofAws({ ...given, ...boundary }),
            ofAzure({ ...given, options: { tags: { a: 'b' } } }),
            ofGcp(given),
          ]);
        for (const [at, file] of files.entries()) {
          mkdirSync(join(directory, String(at)));
          writeFileSync(join(directory, String(at), 'main.tf'), contentOf(file, 'main.tf'));
        }
        const { status, stdout } = spawnSync(
          'terraform',
          ['fmt', '-check', '-diff', '-recursive', directory],
          {
            encoding: 'utf8',
            timeout: 60_000,
          },
        );
        expect({ status, stdout }).toEqual({ status: 0, stdout: '' });
      });
    },
    80_000,
  );
});

describe('the script', () => {
  /** Writes its arguments down; answers what the scripts ask for. */
  const standIn = `#!/bin/sh
printf '%s\\0' "$#" "$@" >> "$RECORD"
case "$*" in
  *get-caller-identity*) echo 123456789012:arn:aws:iam::123456789012:root ;;
  *AssumeRolePolicyDocument*|*get-open-id*) exit 1 ;;
  *Role.Arn*) echo arn:aws:iam::123456789012:role/x ;;
  *--query=*) echo 0b5c1a52-8f0e-4d2a-9a61-2f0c2c2f5a11 ;;
esac
`;
  function run(
    program: string,
    source: string,
  ): { status: number | null; stderr: string; calls: string[][] } {
    return inTemporaryDirectory((directory) => {
      const at = (name: string) => join(directory, name);
      writeFileSync(at(program), standIn, { mode: 0o755 });
      writeFileSync(at('curl'), standIn, { mode: 0o755 });
      writeFileSync(at('setup.sh'), source);
      const env = { PATH: `${directory}:/usr/bin:/bin`, RECORD: at('record') };
      expect(spawnSync('bash', ['-n', at('setup.sh')], { encoding: 'utf8' }).stderr).toBe('');
      const ran = spawnSync('bash', [at('setup.sh'), 'group'], {
        cwd: directory,
        env,
        encoding: 'utf8',
        timeout: 20_000,
      });
      const words = readFileSync(at('record'), 'utf8').split('\0').slice(0, -1);
      const calls: string[][] = [];
      while (words.length > 0) calls.push(words.splice(0, Number(words.shift())));
      return { status: ran.status, stderr: ran.stderr, calls };
    });
  }
  const called = (calls: readonly string[][], verb: string) =>
    calls.find((words) => words.includes(verb)) ?? [];
  const option = (words: readonly string[], name: string) =>
    words.find((word) => word.startsWith(`--${name}=`))?.slice(name.length + 3);

  test('for AWS passes every value unchanged and runs nothing else', () => {
    fc.assert(
      fc.property(hostileFacts, (given) => {
        const { status, stderr, calls } = run('aws', contentOf(ofAws(given), 'setup.sh'));
        expect({ status, stderr, count: calls.length }).toEqual({ status: 0, stderr: '', count: 8 });
        const trust = JSON.parse(option(called(calls, 'create-role'), 'assume-role-policy-document') ?? '');
        expect(trust.Statement[0]).toMatchObject({
          Principal: { Federated: 'arn:aws:iam::123456789012:oidc-provider/id.vendor.com/t/ten_x' },
          Condition: {
            StringEquals: {
              'id.vendor.com/t/ten_x:aud': given.audience,
              'id.vendor.com/t/ten_x:sub': given.subject,
            },
          },
        });
        const inline = option(called(calls, 'put-role-policy'), 'policy-document') ?? '';
        expect(JSON.parse(inline)).toEqual(given.permissions.all.policy);
        expect(called(calls, '--globoff').at(-1)).toBe(given.callback);
      }),
      { numRuns: 12 },
    );
  }, 60_000);

  test('for Azure passes every value unchanged and runs nothing else', () => {
    fc.assert(
      fc.property(hostileFacts, (given) => {
        const { status, stderr, calls } = run('az', contentOf(ofAzure(given), 'setup.sh'));
        expect({ status, stderr, count: calls.length }).toEqual({ status: 0, stderr: '', count: 9 });
        const query = option(called(calls, 'list'), 'query') ?? '';
        const literals = query.match(/(?<===`)(\\.|[^`\\])*/g) ?? [];
        expect(literals.map((literal) => JSON.parse(literal.replaceAll('\\`', '`')))).toEqual([
          given.issuer,
          given.subject,
        ]);
        const trust = calls.find((words) => option(words, 'issuer') !== undefined) ?? [];
        expect([option(trust, 'issuer'), option(trust, 'subject'), option(trust, 'audiences')]).toEqual([
          given.issuer,
          given.subject,
          given.audience,
        ]);
        expect(called(calls, '--globoff').at(-1)).toBe(given.callback);
      }),
      { numRuns: 12 },
    );
  }, 60_000);
});

test('with names of 10 KB, every set-up file stays within the limits of its cloud', () => {
  const long = `"'\${x}`.repeat(2_000);
  const given = facts({ vendor: long, connection: { id: 'con_7h2k9', name: long } });
  for (const files of [ofAws(given), ofAzure(given), ofGcp(given)])
    for (const { name, content } of files)
      expect({ name, fits: content.length < 16_000 }).toEqual({ name, fits: true });
});
