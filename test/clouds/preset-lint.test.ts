/** Documents of services that customers paste: whom they admit besides the connection. */
import { describe, expect, test } from '@jest/globals';
import { diagnosisOf } from '../../src/clouds/index.ts';

const facts = {
  issuer: 'https://id.example/t/acme',
  subject: 'con_1',
  audience: 'https://k8s.example:6443',
  connection: { id: 'con_1', name: 'prod' },
  vendor: 'Vendor',
};
const linted = (preset: string, target: object, document: unknown, more: object = {}) => {
  const { grade, findings, corrected } = diagnosisOf(preset).lint(target, { ...facts, ...more }, document);
  return [grade, ...findings.map(({ severity, path, rule }) => `${severity} ${path} ${rule}`), corrected];
};

describe('the lint of an AuthenticationConfiguration', () => {
  const entry = {
    issuer: { url: facts.issuer, audiences: [facts.audience], audienceMatchPolicy: 'MatchAny' },
    claimValidationRules: [{ expression: 'claims.sub == "con_1"', message: 'another connection' }],
    claimMappings: { username: { claim: 'sub', prefix: 'sojourn:' } },
  };
  const other = { issuer: { url: 'https://other.example', audiences: ['a'] } };
  const within = `jwt[issuer.url=${facts.issuer}].`;

  test.each<[string, object, readonly string[]]>([
    ['the entry of the set-up file', entry, ['A']],
    [
      'the subject as required value',
      { ...entry, claimValidationRules: [{ claim: 'sub', requiredValue: 'con_1' }] },
      ['A'],
    ],
    [
      'further rules, which only narrow',
      {
        ...entry,
        claimValidationRules: [
          ...entry.claimValidationRules,
          { expression: 'claims.exp - claims.iat <= 3600' },
        ],
      },
      ['A'],
    ],
    [
      'no rule for the subject',
      { ...entry, claimValidationRules: undefined },
      [
        'F',
        `overly_permissive ${within}claimValidationRules[*].expression claimValidationRules_expression_missing`,
      ],
    ],
    [
      'a rule for all subjects',
      { ...entry, claimValidationRules: [{ expression: 'claims.sub.startsWith("con_")' }] },
      [
        'F',
        `overly_permissive ${within}claimValidationRules[*].expression claimValidationRules_expression_missing`,
      ],
    ],
    [
      'another subject',
      { ...entry, claimValidationRules: [{ claim: 'sub', requiredValue: 'con_2' }] },
      [
        'F',
        `overly_permissive ${within}claimValidationRules[*].expression claimValidationRules_expression_missing`,
      ],
    ],
    [
      'no prefix for user names',
      { ...entry, claimMappings: { username: { claim: 'sub', prefix: '' } } },
      ['F', `overly_permissive ${within}claimMappings.username.prefix claimMappings_username_prefix_missing`],
    ],
    [
      'another claim as user name',
      { ...entry, claimMappings: { username: { claim: 'jti', prefix: 'sojourn:' } } },
      ['D', `blocks_access ${within}claimMappings.username.claim claimMappings_username_claim_differs`],
    ],
    [
      'the user name as expression',
      { ...entry, claimMappings: { username: { expression: '"sojourn:" + claims.sub' } } },
      ['A'],
    ],
    [
      'another audience',
      { ...entry, issuer: { url: facts.issuer, audiences: ['other'] } },
      ['D', `blocks_access ${within}issuer.audiences issuer_audiences_differs`],
    ],
    [
      'more audiences',
      { ...entry, issuer: { url: facts.issuer, audiences: ['other', facts.audience] } },
      ['C', `weak ${within}issuer.audiences issuer_audiences_others`],
    ],
  ])('finds what is wrong with %s', (_, jwt, expected) => {
    const document = { apiVersion: 'apiserver.config.k8s.io/v1', jwt: [other, jwt] };
    expect(linted('kubernetes', { server: facts.audience }, document)).toEqual([...expected, null]);
  });

  test('finds that the issuer has no entry', () => {
    expect(linted('kubernetes', { server: facts.audience }, { jwt: [other] })).toEqual([
      'D',
      `blocks_access jwt[issuer.url=${facts.issuer}] entry_missing`,
      null,
    ]);
  });

  test('reads the file of AKS, which has one entry', () => {
    const aks = { ...entry, claimMappings: { username: { expression: '"aks:jwt:sojourn:" + claims.sub' } } };
    expect(linted('kubernetes', { server: facts.audience }, aks)).toEqual(['A', null]);
  });

  test.each([[[]], [{ jwt: 'x' }], ['text'], [null], [{ kind: 'ClusterRole' }]])('refuses %j', (document) => {
    expect(() => linted('kubernetes', { server: facts.audience }, document)).toThrow(
      'document: must be a kubernetes-authentication-configuration of Kubernetes',
    );
  });
});

describe('the lint of the workload identities of a Snowflake user', () => {
  const audience = 'https://myorg-acme.snowflakecomputing.com';
  const info = { issuer: facts.issuer, subject: 'con_1', audienceList: [audience] };
  const row = (additional_info: unknown, type = 'OIDC') => ({ name: 'VENDOR', type, additional_info });
  const snowflake = (document: unknown) =>
    linted('snowflake', { account: 'myorg-acme' }, document, { audience });
  const within = '[type=OIDC].additional_info';

  test.each<[string, readonly object[], readonly string[]]>([
    ['the identity of the set-up', [row(info)], ['A']],
    ['details as text', [row(JSON.stringify(info))], ['A']],
    ['an identity of AWS besides', [row({ awsAccount: '1' }, 'AWS'), row(info)], ['A']],
    [
      'the default audience',
      [row({ ...info, audienceList: [] })],
      ['D', `blocks_access ${within}.audienceList audienceList_missing`],
    ],
    [
      'another subject',
      [row({ ...info, subject: 'con_2' })],
      ['D', `blocks_access ${within}.subject subject_differs`],
    ],
    [
      'no subject',
      [row({ ...info, subject: '' })],
      ['F', `overly_permissive ${within}.subject subject_missing`],
    ],
    ['two identities', [row(info), row({ ...info, subject: 'con_2' })], ['C', `weak ${within} entry_others`]],
    ['no identity', [row({ awsAccount: '1' }, 'AWS')], ['D', `blocks_access ${within} entry_missing`]],
  ])('finds what is wrong with %s', (_, rows, expected) => {
    expect(snowflake(rows)).toEqual([...expected, null]);
  });

  test('says how to fix it, because Snowflake cannot change an identity', () => {
    const { findings } = diagnosisOf('snowflake').lint({ account: 'myorg-acme' }, { ...facts, audience }, [
      row({ ...info, audienceList: ['snowflakecomputing.com'] }),
    ]);
    expect(findings).toEqual([
      {
        rule: 'audienceList_differs',
        severity: 'blocks_access',
        path: `${within}.audienceList`,
        detail: `audienceList is ["snowflakecomputing.com"], not ${audience}. Without it Snowflake expects snowflakecomputing.com, which is the same for all accounts.`,
        advice:
          'Remove the workload identity from the user, and run setup.sql again. Snowflake cannot change one.',
      },
    ]);
  });
});
