/** Trust policies from the field: what `sojourn lint` says of them, and what IAM and STS of the sandbox do. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { clouds, diagnosisOf, type LintResult } from '../../src/clouds/index.ts';
import { parseStatements } from '../../src/sandbox/aws/policy/document.ts';
import { checkTrustPolicy } from '../../src/sandbox/aws/policy/trust.ts';

const own = 'con_01k0abcdefghjkmnpqrstvwxyz';
const name = 'id.example.com/t/1';
const arn = `arn:aws:iam::111122223333:oidc-provider/${name}`;
const folder = join(import.meta.dirname, '../fixtures/field/aws');
const now = Date.parse('2026-11-30T12:00:00Z');

function lint(document: unknown, target: object = {}): LintResult {
  const parsed = clouds.aws.target.parse({ role_arn: 'arn:aws:iam::111122223333:role/a', ...target });
  const { audience } = clouds.aws.entry(parsed);
  const facts = { issuer: `https://${name}`, subject: own, audience, vendor: 'V' };
  return diagnosisOf('aws').lint(parsed, { ...facts, connection: { id: own, name: 'prod' } }, document, now);
}

const read = (file: string): Record<string, unknown> =>
  JSON.parse(
    readFileSync(join(folder, file), 'utf8')
      .replace(/^\uFEFF/, '')
      .replaceAll('ISSUER', name)
      .replaceAll('CON_OWN', own)
      .replaceAll('CON_PATTERN', `${own.slice(0, -1)}?`),
  );

const rulesOf = ({ findings }: LintResult) => [...new Set(findings.map(({ rule }) => rule))];

/** File, grade, rules of its findings, whether there is a corrected document. */
const files: readonly (readonly [string, string, readonly string[], boolean])[] = [
  ['closed-graded-A.json', 'D', ['denied', 'unknown_claim', 'address'], false],
  ['get-role-bom.json', 'A', [], true],
  ['lint-action-lower.json', 'D', ['not_accepted', 'extra_actions'], true],
  ['lint-amr-authenticated.json', 'D', ['unknown_claim'], false],
  ['lint-arnlike-sub.json', 'C', ['not_understood'], true],
  ['lint-date-window-over.json', 'D', ['date'], false],
  ['lint-deny-everybody-but.json', 'D', ['denied'], false],
  ['lint-deny-not-rcp-like.json', 'D', ['denied'], false],
  ['lint-deny-own-provider-sts.json', 'D', ['denied'], false],
  ['lint-deny-own-provider.json', 'D', ['not_accepted', 'denied'], false],
  ['lint-deny-source-ip.json', 'D', ['denied'], false],
  ['lint-deny-strangers-open-allow.json', 'B', ['deny_only'], true],
  ['lint-exact-and-pattern-sub.json', 'B', ['string_like'], true],
  ['lint-external-id-kept.json', 'D', ['absent_key'], false],
  ['lint-iss-key-equals.json', 'D', ['unknown_claim'], true],
  ['lint-mfa-required.json', 'D', ['absent_key'], false],
  ['lint-notequals-same.json', 'D', ['negated'], true],
  ['lint-null-true-sub.json', 'D', ['null_test'], true],
  ['lint-oaud-wrong.json', 'D', ['unknown_claim'], false],
  ['lint-org-id.json', 'D', ['absent_key'], false],
  ['lint-pattern-not-matching.json', 'D', ['subject'], true],
  ['lint-prefix-arn.json', 'D', ['wrong_prefix'], true],
  ['lint-prefix-with-scheme.json', 'D', ['wrong_prefix'], true],
  ['lint-principal-aws-star-plus.json', 'C', ['other_principals'], true],
  ['lint-principal-star.json', 'F', ['any_principal', 'statement_missing'], true],
  ['lint-source-ip-office.json', 'D', ['address'], false],
  ['lint-source-vpc.json', 'D', ['address'], false],
  ['lint-sub-question-marks.json', 'F', ['wildcard'], true],
  ['lint-version-wrong.json', 'D', ['not_accepted'], true],
  ['lint-with-resource.json', 'D', ['not_accepted'], true],
  ['narrowed-by-customer.json', 'D', ['address'], false],
  ['trust-2043-characters.json', 'D', ['statement_missing', 'size', 'other_principals'], false],
];

describe('the lint grades a trust policy from the field', () => {
  test.each(files)('%s with %s', (file, grade, rules, isCorrectable) => {
    const result = lint(read(file));
    expect({ grade: result.grade, rules: rulesOf(result) }).toEqual({ grade, rules });
    expect(result.corrected !== null).toBe(isCorrectable);
    if (result.corrected === null) return;
    checkTrustPolicy(result.corrected);
    expect(lint(JSON.parse(result.corrected)).grade).toMatch(/[ABC]/);
  });

  test('for every file of the folder', () => {
    expect(files.map(([file]) => file)).toEqual(readdirSync(folder).toSorted());
  });
});

const [aud, sub] = [`${name}:aud`, `${name}:sub`];
const exact = { StringEquals: { [aud]: 'sts.amazonaws.com', [sub]: own } };
const statement = (patch: object = {}) => ({
  ...{
    Effect: 'Allow',
    Principal: { Federated: arn },
    Action: 'sts:AssumeRoleWithWebIdentity',
    Condition: exact,
  },
  ...patch,
});
const policy = (...statements: object[]) => ({ Version: '2012-10-17', Statement: statements });
const everyoneIf = (Condition: object) =>
  policy(statement(), { Effect: 'Allow', Principal: { AWS: '*' }, Action: 'sts:AssumeRole', Condition });
const everyone = (StringEquals: object) => everyoneIf({ StringEquals });
const second = statement({ Condition: { StringEquals: { [aud]: 'sts.amazonaws.com', [sub]: 'con_b' } } });
const github = 'token.actions.githubusercontent.com';
const withGithub = (condition: object) =>
  policy(
    statement(),
    statement({ Principal: { Federated: arn.replace(name, github) }, Condition: condition }),
  );

describe('the lint', () => {
  test.each<[string, object, string, readonly string[]]>([
    ['everyone who has an ExternalId', everyone({ 'sts:ExternalId': 'x' }), 'C', ['other_principals']],
    [
      'everyone with one ARN',
      everyone({ 'aws:PrincipalArn': 'arn:aws:iam::999988887777:role/ci' }),
      'C',
      ['other_principals'],
    ],
    [
      'everyone of an organizational unit',
      everyoneIf({ 'ForAnyValue:StringLike': { 'aws:PrincipalOrgPaths': 'o-a1b2c3/r-ab12/ou-ab12-1/*' } }),
      'C',
      ['other_principals'],
    ],
    [
      'everyone of a unit in any organization',
      everyoneIf({ 'ForAnyValue:StringLike': { 'aws:PrincipalOrgPaths': 'o-*/r-ab12/*' } }),
      'F',
      ['any_principal'],
    ],
    ['everyone over TLS', everyone({ 'aws:SecureTransport': 'true' }), 'F', ['any_principal']],
    [
      'a subject in capitals, without case',
      policy(
        statement({
          Condition: {
            ...exact,
            StringEquals: { [aud]: 'sts.amazonaws.com' },
            StringEqualsIgnoreCase: { [sub]: own.toUpperCase() },
          },
        }),
      ),
      'B',
      ['ignore_case'],
    ],
    [
      'only a right audience key',
      policy(
        statement({ Condition: { StringEquals: { [aud]: 'sts.amazonaws.com', 'id.example.com:sub': own } } }),
      ),
      'D',
      ['wrong_prefix'],
    ],
    ['a Sid with a hyphen', policy(statement({ Sid: 'sojourn-1' })), 'D', ['not_accepted']],
    ['a Sid with a space', policy(statement({ Sid: 'Trust vendor' })), 'D', ['not_accepted']],
    [
      'a Sid twice',
      policy(statement({ Sid: 'A' }), { ...second, Sid: 'A' }),
      'D',
      ['not_accepted', 'subject'],
    ],
    [
      'a principal that IAM does not know',
      policy(statement(), statement({ Principal: { AWS: 'vendor' } })),
      'D',
      ['not_accepted'],
    ],
    [
      'a misspelled type of principal',
      policy(statement({ Principal: { Fedrated: arn } })),
      'D',
      ['not_accepted', 'provider_arn'],
    ],
    [
      'an exact subject of GitHub',
      withGithub({ StringEquals: { [`${github}:sub`]: 'repo:acme/app:ref:refs/heads/main' } }),
      'C',
      ['other_providers'],
    ],
    [
      'our subject at another issuer',
      withGithub({ StringEquals: { [`${github}:sub`]: own } }),
      'F',
      ['foreign_issuer'],
    ],
    [
      'a pattern of GitHub',
      withGithub({ StringLike: { [`${github}:sub`]: 'repo:acme/*' } }),
      'F',
      ['other_provider_subjects'],
    ],
    [
      'another version of the policy language',
      {
        ...policy(
          statement({ Condition: { StringEquals: { ...exact.StringEquals, [sub]: '${aws:userid}' } } }),
        ),
        Version: '2008-10-17',
      },
      'D',
      ['subject'],
    ],
  ])('grades %s', (_, document, grade, rules) => {
    const result = lint(document);
    expect({ grade: result.grade, rules: rulesOf(result) }).toEqual({ grade, rules });
  });

  test('keeps the statement of another connection, and a restriction that does not concern us', () => {
    const restricted = statement({ Condition: { ...exact, Bool: { 'aws:SecureTransport': 'true' } } });
    const deny = {
      ...second,
      Effect: 'Deny',
      Principal: '*',
      Condition: { StringEquals: { [sub]: 'con_c' } },
    };
    const { grade, corrected } = lint(policy(restricted, second, deny));
    expect(grade).toBe('C');
    expect(JSON.parse(corrected ?? '').Statement).toEqual([
      { ...restricted, Action: ['sts:AssumeRoleWithWebIdentity'] },
      second,
      deny,
    ]);
  });

  test('names a subject that gets in by a pattern', () => {
    const wide = policy(
      statement({
        Condition: { StringEquals: { [aud]: 'sts.amazonaws.com' }, StringLike: { [sub]: 'con_*' } },
      }),
    );
    expect(lint(wide).findings).toEqual([
      {
        rule: 'wildcard',
        severity: 'overly_permissive',
        path: 'Statement[0].Condition.StringLike',
        detail: `con_* matches more than one subject: con_${'0'.repeat(26)} gets in, for example.`,
        advice: `Use StringEquals with ${own}.`,
      },
    ]);
  });

  test('removes deleted users and roles, with which IAM would reject the correction', () => {
    const assume = { Effect: 'Allow', Action: 'sts:AssumeRole' };
    const [role, account] = ['AROAEXAMPLEID12345678', '999988887777'];
    const document = policy(
      statement(),
      { ...assume, Principal: { AWS: role } },
      { ...assume, Principal: { AWS: ['AIDAEXAMPLEID12345678', account] } },
    );
    const result = lint(document);
    expect({ grade: result.grade, rules: rulesOf(result) }).toEqual({
      ...{ grade: 'C', rules: ['other_principals', 'deleted_principal'] },
    });
    checkTrustPolicy(result.corrected ?? '');
    expect(JSON.parse(result.corrected ?? '').Statement).toEqual([
      statement({ Action: ['sts:AssumeRoleWithWebIdentity'] }),
      { ...assume, Principal: { AWS: [account] } },
    ]);
    expect(lint(policy(statement(), { ...assume, Principal: { AWS: role } })).grade).toBe('B');
  });

  test.each([
    ['Bool', own],
    ['BinaryEquals', own],
    ['BinaryEquals', Buffer.from(own).toString('base64')],
    ['ArnEquals', own],
    ['NumericNotEquals', '5'],
  ])('does not take %s for a comparison of the subject with %s', (operator, value) => {
    const Condition = { StringEquals: { [aud]: 'sts.amazonaws.com' }, [operator]: { [sub]: value } };
    expect(lint(policy(statement({ Condition }))).grade).toMatch(/[CDF]/);
    const beside = lint(policy(statement({ Condition: { ...Condition, ...exact } })));
    expect(beside.grade).toMatch(/[CD]/);
  });

  test('compares a role with the target of the connection', () => {
    const role = {
      Arn: 'arn:aws:iam::111122223333:role/b',
      MaxSessionDuration: 3600,
      AssumeRolePolicyDocument: policy(statement()),
    };
    const { grade, findings } = lint({ Role: role }, { duration_seconds: 7200 });
    expect([grade, findings.map(({ rule, severity }) => `${rule} ${severity}`)]).toEqual([
      'D',
      ['max_session blocks_access', 'role_arn blocks_access'],
    ]);
  });

  test('knows that two statements can allow one action each', () => {
    const Action = 'sts:TagSession';
    const { grade, corrected } = lint(policy(statement(), statement({ Action })), {
      session_tags: { Team: 'blue' },
    });
    expect(grade).toBe('A');
    expect(JSON.parse(corrected ?? '').Statement).toEqual([
      statement({ Action: ['sts:AssumeRoleWithWebIdentity', Action] }),
    ]);
  });

  test('knows the tags of a role that the document shows', () => {
    const Condition = { ...exact, StringEquals: { ...exact.StringEquals, 'aws:ResourceTag/Team': 'blue' } };
    const role = (Value: string) => ({
      Role: { Tags: [{ Key: 'Team', Value }], AssumeRolePolicyDocument: policy(statement({ Condition })) },
    });
    expect([lint(role('blue')).grade, lint(role('red')).grade]).toEqual(['A', 'D']);
  });
});

describe('IAM of the sandbox', () => {
  test.each<[string, object]>([
    ['an account of 8 digits', { AWS: 'arn:aws:iam::11112222:root' }],
    ['a wildcard for the account', { AWS: 'arn:aws:iam::*:root' }],
    ['a wildcard in a role', { AWS: 'arn:aws:iam::999988887777:role/*' }],
    ['a plain name', { AWS: 'vendor' }],
    ['a service without a domain', { Service: 'sts' }],
    ['an unknown type', { Fedrated: arn }],
    ['nothing', {}],
  ])('rejects a principal with %s', (_, Principal) => {
    const document = JSON.stringify(policy(statement({ Principal })));
    expect(() => checkTrustPolicy(document)).toThrow(/^MalformedPolicyDocument: /);
  });

  test('rejects Sids with other characters than letters and digits, and Sids that are used twice', () => {
    for (const sids of [['sojourn-1'], ['Trust vendor'], ['A', 'A']])
      expect(() => parseStatements(JSON.stringify(policy(...sids.map((Sid) => statement({ Sid })))))).toThrow(
        /^MalformedPolicyDocument: /,
      );
  });

  test('rejects a condition key without a prefix', () => {
    const document = JSON.stringify(policy(statement({ Condition: { StringEquals: { sub: own } } })));
    expect(() => checkTrustPolicy(document)).toThrow(/^MalformedPolicyDocument: /);
  });
});
