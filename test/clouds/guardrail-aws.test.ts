/**
 * Guardrails of AWS Organizations: the verdict of the lint equals what the sandbox does, for policies of the shapes that AWS
 * publishes in data-perimeter-policy-examples and resource-control-policy-examples. The two share no code.
 */
import { describe, expect, test } from '@jest/globals';
import { lintGuardrail } from '../../src/clouds/aws/guardrail/index.ts';
import { target as targetSchema } from '../../src/clouds/aws/target.ts';
import { createAccounts } from '../../src/sandbox/aws/accounts.ts';
import { createProvider } from '../../src/sandbox/aws/iam/providers.ts';
import { createRole } from '../../src/sandbox/aws/iam/roles.ts';
import { resourceControlRefusal } from '../../src/sandbox/aws/policy/organization.ts';
import { contextOf } from '../../src/sandbox/aws/sts/context.ts';
import { createGuardrails } from '../../src/sandbox/guardrails.ts';

const account = '111122223333';
const issuer = 'https://id.example.com/t/ten_1';
const name = 'id.example.com/t/ten_1';
const subject = 'con_a';
const role_arn = `arn:aws:iam::${account}:role/vendor`;
const target = targetSchema.parse({ role_arn });
const audience = 'sts.amazonaws.com';
const facts = { issuer, subject, audience, vendor: 'Vendor', connection: { id: subject, name: 'acme' } };
const now = Date.parse('2026-11-30T12:00:00Z');

const provider = { arn: `arn:aws:iam::${account}:oidc-provider/${name}`, issuer, url: name };
const stored = {
  ...provider,
  clientIds: [audience],
  thumbprints: [],
  tags: [],
  createdAt: now,
  changedAt: now,
};

function openAccount(document: Readonly<Record<string, unknown>>) {
  const guardrails = createGuardrails();
  guardrails.set([{ document }]);
  return createAccounts(guardrails).open('aws', account);
}

/** What the sandbox does with the set-up. */
async function setupRefusals(document: Readonly<Record<string, unknown>>): Promise<string[]> {
  const opened = openAccount(document);
  const attempts = [
    () =>
      createProvider({ now: () => now } as never, opened, {
        ...{ url: issuer, clientIds: [audience], tags: [] },
        thumbprints: ['a'.repeat(40)],
      }),
    () =>
      createRole(
        opened,
        {
          ...{ name: 'vendor', path: '/', description: undefined, maxSessionDuration: 3600, tags: [] },
          permissionsBoundary: undefined,
          trustPolicy: JSON.stringify({
            Version: '2012-10-17',
            Statement: [{ Effect: 'Allow', Principal: { AWS: account }, Action: 'sts:AssumeRole' }],
          }),
        },
        now,
      ),
  ];
  const steps = ['create the OIDC provider', 'create the role'];
  const refused = await Promise.all(
    attempts.map(async (attempt, index) => {
      try {
        await attempt();
        return [];
      } catch (error) {
        expect(String(error)).toMatch(/service control policy/);
        return [steps[index] as string];
      }
    }),
  );
  return refused.flat();
}

/** What the sandbox does with a token of a subject, of this or another issuer. */
function admitsToken(document: Readonly<Record<string, unknown>>, sub = subject, url = name): boolean {
  const context = contextOf({
    now,
    identity: {
      issuer: `https://${url}`,
      audience,
      audiences: [audience],
      subject: sub,
      amr: [],
      email: undefined,
    },
    session: { tags: new Map(), transitiveTagKeys: [], sourceIdentity: undefined, roles: [role_arn] },
    provider: { ...stored, url },
    role: undefined,
    sessionName: 'session',
    region: 'us-east-1',
  } as unknown as Parameters<typeof contextOf>[0]);
  const actions = ['sts:AssumeRoleWithWebIdentity'];
  return (
    resourceControlRefusal(openAccount(document), actions, { resource: role_arn, context }) === undefined
  );
}

const lint = (document: unknown) => lintGuardrail(target, facts, document, now);
const policy = (...Statement: object[]): object =>
  JSON.parse(JSON.stringify({ Version: '2012-10-17', Statement }));
const rcp = (Sid: string, Condition: object | undefined, more: object = {}) =>
  policy({
    ...{ Sid, Effect: 'Deny', Principal: '*', Action: 'sts:AssumeRoleWithWebIdentity', Resource: '*' },
    ...(Condition ? { Condition } : {}),
    ...more,
  });
const identityPerimeter = [
  's3:*',
  'sqs:*',
  'kms:*',
  'secretsmanager:*',
  'sts:AssumeRole',
  'sts:GetSessionToken',
  'sts:SetContext',
];

const rcps: [string, object, 'allows' | 'refuses'][] = [
  [
    'providers, with others listed (EnforceTrustedOIDCProviders)',
    rcp('EnforceTrustedOIDCProviders', {
      Null: { 'gitlab.com:sub': 'true', 'accounts.acme.com:sub': 'true' },
    }),
    'refuses',
  ],
  [
    'providers, with this one listed',
    rcp('EnforceTrustedOIDCProviders', { Null: { 'gitlab.com:sub': 'true', [`${name}:sub`]: 'true' } }),
    'allows',
  ],
  [
    'tenants of another issuer (EnforceTrustedOIDCTenants)',
    rcp('EnforceTrustedOIDCTenants', {
      StringNotEqualsIfExists: { 'gitlab.com:sub': 'acme', 'aws:ResourceTag/dp:exclude:identity': 'true' },
      Null: { 'gitlab.com:sub': 'false' },
    }),
    'allows',
  ],
  [
    'tenants of this issuer, and this is not one',
    rcp('EnforceTrustedOIDCTenants', {
      StringNotLikeIfExists: { [`${name}:sub`]: 'con_x*' },
      Null: { [`${name}:sub`]: 'false' },
    }),
    'refuses',
  ],
  [
    'tenants of this issuer, and this is one',
    rcp('EnforceTrustedOIDCTenants', {
      StringNotEqualsIfExists: { [`${name}:sub`]: ['con_b', subject] },
      Null: { [`${name}:sub`]: 'false' },
    }),
    'allows',
  ],
  [
    'the audience of a shared issuer',
    rcp('EnforceTrustedOIDCTenantSandboxes', {
      StringNotEqualsIfExists: { 'sandboxes.cloud:aud': 'acme' },
      Null: { 'sandboxes.cloud:aud': 'false' },
    }),
    'allows',
  ],
  [
    'identities of the organization, without web identities (EnforceOrgIdentities)',
    rcp(
      'EnforceOrgIdentities',
      {
        StringNotEqualsIfExists: { 'aws:PrincipalOrgID': 'o-acme', 'aws:PrincipalAccount': ['999988887777'] },
        BoolIfExists: { 'aws:PrincipalIsAWSService': 'false' },
      },
      { Action: identityPerimeter },
    ),
    'allows',
  ],
  [
    'confused deputies (EnforceConfusedDeputyProtection)',
    rcp(
      'EnforceConfusedDeputyProtection',
      {
        StringNotEqualsIfExists: { 'aws:SourceOrgID': 'o-acme' },
        Null: { 'aws:SourceAccount': 'false' },
        Bool: { 'aws:PrincipalIsAWSService': 'true' },
      },
      { Action: ['s3:*', 'sts:*'] },
    ),
    'allows',
  ],
  ['TLS', rcp('Tls', { BoolIfExists: { 'aws:SecureTransport': 'false' } }, { Action: 'sts:*' }), 'allows'],
  ['every web identity', rcp('NoWebIdentity', undefined), 'refuses'],
  [
    'every web identity of another role',
    rcp('R', undefined, { Resource: 'arn:aws:iam::*:role/admin' }),
    'allows',
  ],
  ['everything but reading', rcp('R', undefined, { Action: undefined, NotAction: 's3:Get*' }), 'refuses'],
];

const scp = (Sid: string, Action: unknown, more: object = {}) =>
  policy({ Sid, Effect: 'Deny', Action, Resource: '*', ...more });
const trustChanges = ['iam:CreateOpenIDConnectProvider', 'iam:CreateSAMLProvider', 'sso:CreateInstance'];
const untagged = {
  Condition: { StringNotEqualsIfExists: { 'aws:PrincipalTag/dp:exclude:identity': 'true' } },
};
const both = ['create the OIDC provider', 'create the role'];

const scps: [string, object, readonly string[]][] = [
  [
    'changes of identity providers (PreventIdPTrustModifications)',
    scp('PreventIdPTrustModifications', trustChanges, untagged),
    [both[0] as string],
  ],
  ['IAM', scp('DenyIam', 'iam:*'), both],
  [
    'IAM, except for one role',
    scp('D', 'iam:*', { Condition: { ArnNotLike: { 'aws:PrincipalArn': 'arn:aws:iam::*:role/ci' } } }),
    both,
  ],
  [
    'IAM, except for administrators',
    scp('D', 'iam:*', { Condition: { ArnNotLike: { 'aws:PrincipalArn': 'arn:aws:iam::*:role/admin*' } } }),
    [],
  ],
  [
    'IAM outside of one region',
    scp('D', '*', { Condition: { StringNotEquals: { 'aws:RequestedRegion': 'eu-west-1' } } }),
    both,
  ],
  [
    'the root user',
    scp('D', '*', { Condition: { ArnLike: { 'aws:PrincipalArn': 'arn:aws:iam::*:root' } } }),
    [],
  ],
  ['leaving the organization', scp('D', 'organizations:LeaveOrganization'), []],
  ['all but the role', scp('D', undefined, { NotAction: 'iam:CreateRole' }), [both[0] as string]],
  [
    'everything else than a list',
    policy({ Effect: 'Allow', Action: ['s3:*', 'iam:CreateRole'], Resource: '*' }),
    [both[0] as string],
  ],
  ['nothing', policy({ Effect: 'Allow', Action: '*', Resource: '*' }), []],
];

describe('the lint of an RCP against', () => {
  test.each(rcps)('%s', (_, document, verdict) => {
    const result = lint(document);
    expect(result).toMatchObject({ documentType: 'aws-resource-control-policy', verdict });
    expect(admitsToken(document as never)).toBe(verdict === 'allows');
    if (verdict === 'allows') return expect(result.exception).toBeNull();
    const exception = JSON.parse(result.exception ?? '');
    expect([lint(exception).verdict, admitsToken(exception)]).toEqual(['allows', true]);
    // The exception admits no other subject that the guardrail refused.
    expect(admitsToken(exception, 'con_b')).toBe(admitsToken(document as never, 'con_b'));
    expect(admitsToken(exception, subject, 'other.example.com')).toBe(
      admitsToken(document as never, subject, 'other.example.com'),
    );
    return undefined;
  });

  test('a policy names the statement that refuses, and offers one that admits nothing but this subject', () => {
    const { refusals, reverse } = lint(rcps[0]?.[1]);
    expect(refusals).toEqual([
      {
        step: 'exchange a token',
        rule: 'EnforceTrustedOIDCProviders',
        path: 'Statement[0]',
        detail: `It denies sts:AssumeRoleWithWebIdentity on ${role_arn}.`,
      },
    ]);
    const only = JSON.parse(reverse);
    expect([
      lint(only).verdict,
      admitsToken(only),
      admitsToken(only, 'con_b'),
      admitsToken(only, subject, 'other.example.com'),
    ]).toEqual(['allows', true, false, false]);
  });
});

describe('the lint of an SCP against', () => {
  test.each(scps)('%s', async (_, document, steps) => {
    const result = lint(document);
    expect(result.documentType).toBe('aws-service-control-policy');
    expect([result.refusals.map(({ step }) => step), await setupRefusals(document as never)]).toEqual([
      steps,
      steps,
    ]);
    if (steps.length === 0) return expect(result.exception).toBeNull();
    const exception = JSON.parse(result.exception ?? '');
    expect([lint(exception).verdict, await setupRefusals(exception)]).toEqual(['allows', []]);
    return undefined;
  });

  test('the reverse admits no other provider', async () => {
    const reverse = JSON.parse(lint(scps[0]?.[1]).reverse);
    expect([lint(reverse).verdict, await setupRefusals(reverse)]).toEqual(['allows', []]);
    const other = { ...facts, issuer: 'https://other.example.com' };
    expect(lintGuardrail(target, other, reverse, now).refusals.map(({ rule }) => rule)).toEqual([
      'OnlyThisProvider',
    ]);
  });

  test('an established connection needs no provider', () => {
    const established = [{ id: 'con_b', target: targetSchema.parse({ role_arn }) }];
    expect(lintGuardrail(target, { ...facts, established }, scps[0]?.[1], now).verdict).toBe('allows');
  });

  test('resources that a statement names gets no exception', () => {
    const { verdict, exception } = lint(scp('D', 'iam:*', { Resource: 'arn:aws:iam::*:*' }));
    expect([verdict, exception]).toEqual(['refuses', null]);
  });
});

test('a condition on an unknown key makes the verdict unknown', () => {
  const { verdict, notes } = lint(rcp('R', { StringEquals: { 'aws:NewKey': 'x' } }));
  expect([verdict, notes]).toEqual(['unknown', ['Statement[0] has a condition that is not understood.']]);
});

test('the output of describe-policy is read, and other documents are refused', () => {
  const Content = JSON.stringify(rcps[0]?.[1]);
  expect(lint({ Policy: { PolicySummary: {}, Content } }).verdict).toBe('refuses');
  for (const document of [
    {},
    { Policy: { Content: '{' } },
    policy({ Effect: 'deny', Action: '*', Resource: '*' }),
  ])
    expect(() => lint(document)).toThrow(/^document: /);
});
