import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { stopAtRestrictions } from '../../../src/clouds/aws/restrictions.ts';
import { setup } from '../../../src/clouds/aws/setup.ts';
import type { AwsTarget } from '../../../src/clouds/aws/target.ts';
import type { SetupFacts } from '../../../src/clouds/index.ts';
import { testWith } from '../../support/programs.ts';
import { carriable, contentOf, facts, hostileText, inTemporaryDirectory } from './arrange.ts';

const target = (given: Partial<AwsTarget> = {}): AwsTarget => ({
  region: 'eu-central-1',
  duration_seconds: 3600,
  ...given,
});

const template = (...given: Parameters<typeof setup>) =>
  JSON.parse(contentOf(setup(...given), 'cloudformation.json'));
const trust = (...given: Parameters<typeof setup>) =>
  JSON.parse(contentOf(setup(...given), 'trust-policy.json'));
const statement = (...given: Parameters<typeof setup>) =>
  template(...given).Resources.Role.Properties.AssumeRolePolicyDocument.Statement[0];

describe('the CloudFormation template', () => {
  const providerArn = {
    'Fn::If': [
      'CreatesProvider',
      { Ref: 'Provider' },
      {
        'Fn::Sub': [
          `arn:\${AWS::Partition}:iam::\${AWS::AccountId}:oidc-provider/\${ProviderName}`,
          { ProviderName: 'id.vendor.com/t/ten_x' },
        ],
      },
    ],
  };

  test('creates the provider if requested, and a role that trusts one audience and one subject', () => {
    const noValue = { Ref: 'AWS::NoValue' };
    const { Resources, Conditions, Outputs, Parameters } = template(target(), facts());
    expect(Resources).toEqual({
      Provider: {
        Type: 'AWS::IAM::OIDCProvider',
        Condition: 'CreatesProvider',
        DeletionPolicy: 'Retain',
        UpdateReplacePolicy: 'Retain',
        Properties: { Url: 'https://id.vendor.com/t/ten_x', ClientIdList: ['sts.amazonaws.com'] },
      },
      Role: {
        Type: 'AWS::IAM::Role',
        Properties: {
          RoleName: { 'Fn::If': ['HasRoleName', { Ref: 'RoleName' }, noValue] },
          Description: 'Used by Vendor through connection con_7h2k9.',
          AssumeRolePolicyDocument: {
            Version: '2012-10-17',
            Statement: [
              {
                Effect: 'Allow',
                Principal: { Federated: providerArn },
                Action: ['sts:AssumeRoleWithWebIdentity'],
                Condition: {
                  StringEquals: {
                    'id.vendor.com/t/ten_x:aud': 'sts.amazonaws.com',
                    'id.vendor.com/t/ten_x:sub': 'con_7h2k9',
                  },
                },
              },
            ],
          },
          ManagedPolicyArns: { 'Fn::If': ['HasPolicies', { Ref: 'ManagedPolicyArns' }, noValue] },
          PermissionsBoundary: { 'Fn::If': ['HasBoundary', { Ref: 'PermissionsBoundary' }, noValue] },
          MaxSessionDuration: { Ref: 'MaxSessionDuration' },
        },
      },
    });
    expect(Conditions).toEqual({
      CreatesProvider: { 'Fn::Equals': [{ Ref: 'CreateProvider' }, 'true'] },
      HasRoleName: { 'Fn::Not': [{ 'Fn::Equals': [{ Ref: 'RoleName' }, ''] }] },
      HasPolicies: {
        'Fn::Not': [{ 'Fn::Equals': [{ 'Fn::Join': ['', { Ref: 'ManagedPolicyArns' }] }, ''] }],
      },
      HasBoundary: { 'Fn::Not': [{ 'Fn::Equals': [{ Ref: 'PermissionsBoundary' }, ''] }] },
    });
    expect(Outputs).toEqual({
      RoleArn: {
        Description: 'Save this as role_arn of the connection.',
        Value: { 'Fn::GetAtt': ['Role', 'Arn'] },
      },
      ProviderArn: { Description: 'The OIDC provider that the role trusts.', Value: providerArn },
    });
    expect(
      Object.entries<{ Default: unknown }>(Parameters).map(([name, { Default }]) => [name, Default]),
    ).toEqual([
      ['CreateProvider', 'true'],
      ['RoleName', ''],
      ['ManagedPolicyArns', ''],
      ['PermissionsBoundary', ''],
      ['MaxSessionDuration', 3600],
    ]);
  });

  test('allows sessions as long as the connection requests, but at least one hour, the minimum of IAM', () => {
    const longest = (duration_seconds: number) =>
      template(target({ duration_seconds }), facts()).Parameters.MaxSessionDuration.Default;
    expect([longest(900), longest(43_200)]).toEqual([3600, 43_200]);
  });

  test('allows session tags and a source identity only if the connection has them', () => {
    const actions = (given: Partial<AwsTarget>) => statement(target(given), facts()).Action;
    const enter = 'sts:AssumeRoleWithWebIdentity';
    expect([
      actions({ session_tags: { Team: 'x' } }),
      actions({ session_tags: {} }),
      actions({ source_identity: 'acme' }),
      actions({ session_tags: { Team: 'x' }, source_identity: 'acme' }),
    ]).toEqual([
      [enter, 'sts:TagSession'],
      [enter],
      [enter, 'sts:SetSourceIdentity'],
      [enter, 'sts:TagSession', 'sts:SetSourceIdentity'],
    ]);
  });

  test.each([
    ['https://id.vendor.com', 'id.vendor.com'],
    ['https://id.vendor.com/t/ten_x', 'id.vendor.com/t/ten_x'],
    ['http://127.0.0.1:1234', '127.0.0.1:1234'],
    ['http://localhost:1234/t/ten_x', 'localhost:1234/t/ten_x'],
  ])('keeps the issuer %s unchanged and uses the condition key prefix %s', (issuer, name) => {
    const made = template(target(), facts({ issuer }));
    expect(made.Resources.Provider.Properties.Url).toBe(issuer);
    expect(made.Resources.Role.Properties.AssumeRolePolicyDocument.Statement[0].Condition).toEqual({
      StringEquals: { [`${name}:aud`]: 'sts.amazonaws.com', [`${name}:sub`]: 'con_7h2k9' },
    });
    expect(made.Outputs.ProviderArn.Value['Fn::If'][2]['Fn::Sub'][1]).toEqual({ ProviderName: name });
  });

  test('is valid, small and safe with any name', () => {
    const known = template(target(), facts());
    fc.assert(
      fc.property(hostileText, hostileText, (name, vendor) => {
        const text = contentOf(
          setup(target(), facts({ connection: { id: 'con_7h2k9', name }, vendor })),
          'cloudformation.json',
        );
        const made = JSON.parse(text);
        for (const description of [made.Description, made.Resources.Role.Properties.Description]) {
          // IAM's own pattern for the field (without line breaks), and no dynamic reference of CloudFormation's.
          expect(description).toMatch(/^[\x20-\x7e\xa1-\xff]{1,1000}$/);
          expect(description).not.toContain('{{');
        }
        made.Description = known.Description;
        made.Resources.Role.Properties.Description = known.Resources.Role.Properties.Description;
        expect(made).toEqual(known);
      }),
    );
  });

  test('is smaller than 51,200 bytes, the limit of an inline template, even with names of 10 KB', () => {
    const long = '"😀'.repeat(2_500);
    const text = contentOf(
      setup(target(), facts({ connection: { id: 'con_7h2k9', name: long }, vendor: long })),
      'cloudformation.json',
    );
    expect(Buffer.byteLength(text)).toBeLessThan(51_200);
  });

  testWith(['cfn-lint'])(
    'passes cfn-lint with every option, and so does the template of a stack set',
    () => {
      const role = (digit: number) => ({
        role_arn: `arn:aws:iam::${String(digit).repeat(12)}:role/deploy/er`,
      });
      const more = {
        callback: 'https://id.vendor.com/connect/inv_1/report',
        options: { tags: { Team: 'x' }, permissions_boundary: 'arn:aws:iam::aws:policy/PowerUserAccess' },
        permissions: {
          all: {
            managed_policy_arns: ['arn:aws:iam::aws:policy/ReadOnlyAccess'],
            policy: {
              Version: '2012-10-17',
              Statement: [{ Effect: 'Allow', Action: 's3:GetObject', Resource: 'arn:aws:s3:::acme/*' }],
            },
          },
        },
      };
      const other = { connection: { id: 'con_2', name: 'b' }, subject: 'con_2' };
      const beside = (given: Partial<AwsTarget>) => [{ target: target(given), facts: facts(other) }];
      const tags = { session_tags: { Team: 'x' } };
      inTemporaryDirectory((directory) => {
        const files = {
          'plain.json': template(target(), facts()),
          'full.json': template(target(tags), facts({ ...more, additional: beside({}) })),
          'set.json': JSON.parse(
            contentOf(
              setup(target({ ...tags, ...role(1) }), facts({ ...more, additional: beside(role(2)) })),
              'stackset.json',
            ),
          ),
        };
        for (const [name, content] of Object.entries(files))
          writeFileSync(join(directory, name), JSON.stringify(content));
        const { status, stdout } = spawnSync('cfn-lint', Object.keys(files), {
          cwd: directory,
          encoding: 'utf8',
          timeout: 150_000,
        });
        expect({ status, stdout }).toEqual({ status: 0, stdout: '' });
      });
    },
    240_000,
  );

  test('reports with an inline function that is within the size limit and contains no inserted value', () => {
    const made = (given: Partial<SetupFacts>) =>
      template(target(), facts({ callback: 'https://id.vendor.com/x', ...given })).Resources;
    const [one, other] = [made({}), made({ callback: "https://'${x}`", vendor: '"}' })];
    expect(one.ReportFunction.Properties.Code.ZipFile.length).toBeLessThan(4096);
    expect(other.ReportFunction).toEqual(one.ReportFunction);
    expect(one.ReportRole.Properties).toMatchObject({
      AssumeRolePolicyDocument: { Statement: [{ Principal: { Service: 'lambda.amazonaws.com' } }] },
    });
    expect(Object.keys(one.ReportRole.Properties)).not.toEqual(
      expect.arrayContaining([expect.stringMatching(/Polic(y|ies)Arns|^Policies/)]),
    );
    expect(other.Report.Properties.Url).toBe("https://'${x}`");
  });
});

describe('a role whose ARN is known before its creation', () => {
  const role_arn = 'arn:aws-us-gov:iam::123456789012:role/deploy/er';
  const permissions = { look: { managed_policy_arns: ['arn:aws:iam::aws:policy/ReadOnlyAccess'] } };

  test('has that name and path in every file, and the policies of its partition', () => {
    const given = [target({ role_arn, region: 'us-gov-west-1' }), facts({ permissions })] as const;
    const { Parameters, Resources } = template(...given);
    const policy = 'arn:aws-us-gov:iam::aws:policy/ReadOnlyAccess';
    expect([
      Parameters.RoleName.Default,
      Resources.Role.Properties.Path,
      Parameters.ManagedPolicyArns.Default,
    ]).toEqual(['er', '/deploy/', policy]);
    for (const name of ['main.tf', 'setup.sh']) {
      const content = contentOf(setup(...given), name);
      for (const said of ['/deploy/', policy, name === 'main.tf' ? '"er"' : '--role-name=er'])
        expect(content).toContain(said);
    }
  });

  test.each([
    [
      'in one account twice and once in another',
      [role_arn, `${role_arn}2`, role_arn.replace('1234', '4321')],
    ],
    ['in two partitions', [role_arn, 'arn:aws:iam::999999999999:role/deploy/er']],
    ['with two paths', [role_arn, 'arn:aws-us-gov:iam::999999999999:role/er']],
    ['in an account that is not known', [role_arn, undefined]],
  ])('cannot share a file with roles %s', (_title, arns) => {
    const [first, ...others] = arns.map((arn) => target(arn === undefined ? {} : { role_arn: arn }));
    const beside = others.map((other) => ({ target: other, facts: facts() }));
    expect(() => setup(first ?? target(), facts({ additional: beside }))).toThrow(
      'additional_connections: must name connections whose roles',
    );
  });

  test.each([
    ['the same role', role_arn, role_arn, {}],
    ['roles of one name', role_arn, role_arn.replace('deploy/er', 'Er'), {}],
    ['roles of one name by choice', role_arn, `${role_arn}2`, { role_name: 'er2' }],
  ])('cannot share a file of two connections to %s', (_title, first, second, options) => {
    const other = facts({ subject: 'con_2', connection: { id: 'con_2', name: 'b' } });
    const beside = [{ target: target({ role_arn: second }), facts: other }];
    expect(() => setup(target({ role_arn: first }), facts({ additional: beside, options }))).toThrow(
      /^additional_connections: must name connections that each have their own role$/,
    );
  });

  test('cannot have a path that CloudFormation resolves as a dynamic reference to a secret', () => {
    const secret = 'arn:aws:iam::123456789012:role/{{resolve:ssm:x}}/er';
    expect(() => setup(target({ role_arn: secret }), facts())).toThrow(
      'target.role_arn: must not contain {{ in its path, because CloudFormation evaluates it',
    );
  });

  test('refuses shorter sessions than the connection requests, and more policies than a role can have', () => {
    const options = {
      max_session_seconds: 3600,
      managed_policy_arns: Array.from({ length: 10 }, (_, at) => `arn:aws:iam::aws:policy/p${at}`),
    };
    expect(() => setup(target({ duration_seconds: 7200 }), facts({ options, permissions }))).toThrow(
      'max_session_seconds: must be 7200 or more, the duration_seconds of the target; permissions: must be 10 managed policies at most, the limit of a role',
    );
  });
});

describe('the stack sets of an organization', () => {
  const accountAt = (index: number) => String(200_000_000_000 + index);
  const roleIn = (index: number) => ({ role_arn: `arn:aws:iam::${accountAt(index)}:role/vendor` });
  const member = (index: number) => {
    const id = `con_${String(index).padStart(26, '0')}`;
    return {
      target: target(roleIn(index)),
      facts: facts({ subject: id, connection: { id, name: 'member' } }),
    };
  };
  const filesOf = (count: number, vendor = 'Vendor') => {
    const additional = Array.from({ length: count - 1 }, (_, index) => member(index + 1));
    return setup(target(roleIn(0)), facts({ vendor, additional }));
  };
  const templatesOf = (files: ReturnType<typeof setup>) =>
    files.filter(({ name }) => name.endsWith('.json')).map(({ content }) => JSON.parse(content));

  test.each([
    [2, 'Vendor'],
    [21, 'Vendor'],
    [130, 'Vendor'],
    [300, 'V'.repeat(200)],
  ])('contain %i accounts, each once, within the limits of CloudFormation', (count, vendor) => {
    const files = filesOf(count, vendor);
    const templates = templatesOf(files);
    const accounts = templates.flatMap(({ Mappings }) => Object.keys(Mappings.Accounts));
    expect(new Set(accounts).size).toBe(count);
    expect(accounts).toHaveLength(count);
    for (const { name, content } of files)
      if (name.endsWith('.json')) expect(Buffer.byteLength(content)).toBeLessThanOrEqual(51_200);
    for (const { Mappings } of templates)
      expect(Object.keys(Mappings.Accounts).length).toBeLessThanOrEqual(200);
    const script = contentOf(files, 'stackset.sh');
    expect(script.match(/^deploy /gm)).toHaveLength(templates.length);
    expect(spawnSync('sh', ['-n'], { input: script, encoding: 'utf8' }).stderr).toBe('');
  });

  test('keep the accounts in their sets when one is added, in any order', () => {
    const additional = Array.from({ length: 299 }, (_, index) => member(index + 1));
    const before = templatesOf(filesOf(299));
    const after = templatesOf(setup(target(roleIn(0)), facts({ additional: additional.toReversed() })));
    const setsOf = (templates: readonly { Mappings: { Accounts: object } }[]) =>
      templates.map(({ Mappings }) => Object.keys(Mappings.Accounts));
    const added = accountAt(299);
    expect(setsOf(after).map((accounts) => accounts.filter((account) => account !== added))).toEqual(
      setsOf(before),
    );
  });

  test('create no provider in an account that has it', () => {
    const created = (options: object, established: SetupFacts['established'] = []) => {
      const others = [1, 2]
        .map(member)
        .map((other) => ({ ...other, facts: { ...other.facts, established } }));
      const [set] = templatesOf(
        setup(target(roleIn(0)), facts({ additional: others, options: { ...options }, established })),
      );
      return Object.values<{ CreateProvider: string }>(set.Mappings.Accounts).map(
        ({ CreateProvider }) => CreateProvider,
      );
    };
    const earlier = [{ id: 'con_earlier', target: target(roleIn(1)) }];
    const itself = [{ id: member(1).facts.connection.id, target: target(roleIn(1)) }];
    expect([
      created({}),
      created({ accounts_with_provider: [accountAt(2)] }),
      created({ existing_provider: true }),
      created({}, earlier),
      created({}, itself),
    ]).toEqual([
      ['true', 'true', 'true'],
      ['true', 'true', 'false'],
      ['false', 'false', 'false'],
      ['true', 'false', 'true'],
      ['true', 'true', 'true'],
    ]);
  });
});

describe('the separate trust policy', () => {
  test('exists once the account is known, and names the provider in its partition', () => {
    expect(trust(target({ role_arn: 'arn:aws-cn:iam::123456789012:role/deploy/er' }), facts())).toEqual({
      Version: '2012-10-17',
      Statement: [
        {
          Effect: 'Allow',
          Principal: { Federated: 'arn:aws-cn:iam::123456789012:oidc-provider/id.vendor.com/t/ten_x' },
          Action: ['sts:AssumeRoleWithWebIdentity'],
          Condition: {
            StringEquals: {
              'id.vendor.com/t/ten_x:aud': 'sts.amazonaws.com',
              'id.vendor.com/t/ten_x:sub': 'con_7h2k9',
            },
          },
        },
      ],
    });
  });

  test('does not exist before', () => {
    expect(setup(target(), facts()).map(({ name }) => name)).toEqual([
      'cloudformation.json',
      'main.tf',
      'setup.sh',
    ]);
  });

  test('contains audience and subject unchanged, with any characters', () => {
    const role_arn = 'arn:aws:iam::123456789012:role/x';
    fc.assert(
      fc.property(hostileText.map(carriable), hostileText.map(carriable), (subject, audience) => {
        const made = trust(target({ role_arn }), facts({ subject, audience })).Statement[0].Condition;
        expect(made).toEqual({
          StringEquals: { 'id.vendor.com/t/ten_x:aud': audience, 'id.vendor.com/t/ten_x:sub': subject },
        });
      }),
    );
  });
});

test('no AWS file has a wildcard or a pattern in its trust', () => {
  const role_arn = 'arn:aws:iam::123456789012:role/x';
  const files = setup(target({ role_arn, session_tags: { Team: 'x' } }), facts());
  for (const { name, content } of files) {
    // The program that reads the customer's policy knows wildcards; it writes none.
    const written = content.replace(stopAtRestrictions, '');
    expect({ name, found: /StringLike|IfExists|ForAllValues|"\*"/.test(written) }).toEqual({
      name,
      found: false,
    });
  }
  expect(contentOf(files, 'trust-policy.json')).not.toContain('*');
  expect(JSON.stringify(statement(target(), facts()))).not.toContain('*');
});
