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
  const other = {
    issuer: { url: 'https://other.example', audiences: ['a'] },
    claimMappings: { username: { claim: 'sub', prefix: 'corp:' } },
  };
  const within = `jwt[issuer.url=${facts.issuer}].`;

  test.each<[string, object, readonly string[]]>([
    ['the entry of the set-up file', entry, ['A']],
    [
      'the subject as required value',
      { ...entry, claimValidationRules: [{ claim: 'sub', requiredValue: 'con_1' }] },
      ['A'],
    ],
    [
      'further rules, which may keep the connection out',
      {
        ...entry,
        claimValidationRules: [
          ...entry.claimValidationRules,
          { expression: 'claims.exp - claims.iat <= 3600' },
        ],
      },
      ['C', `weak ${within}claimValidationRules[*].expression claimValidationRules_expression_others`],
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
        'weak jwt[1].claimValidationRules[0].claim not_understood',
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
      { ...entry, issuer: { ...entry.issuer, audiences: ['other', facts.audience] } },
      ['C', `weak ${within}issuer.audiences issuer_audiences_others`],
    ],
    [
      'a discovery document elsewhere',
      {
        ...entry,
        issuer: { ...entry.issuer, discoveryURL: 'https://evil.example/.well-known/openid-configuration' },
      },
      ['F', `overly_permissive ${within}issuer.discoveryURL issuer_discoveryURL_differs`],
    ],
    [
      'the groups of the set-up file',
      {
        ...entry,
        claimMappings: { ...entry.claimMappings, groups: { claim: 'groups', prefix: 'sojourn:' } },
      },
      ['A'],
    ],
    [
      'groups without a prefix',
      { ...entry, claimMappings: { ...entry.claimMappings, groups: { claim: 'groups', prefix: '' } } },
      ['C', `weak ${within}claimMappings.groups.prefix claimMappings_groups_prefix_missing`],
    ],
    [
      'a group of the cluster',
      {
        ...entry,
        claimMappings: { ...entry.claimMappings, groups: { expression: '["system:masters"]' } },
      },
      ['C', `weak ${within}claimMappings.groups.expression claimMappings_groups_expression_differs`],
    ],
    [
      'members that nobody knows',
      {
        ...entry,
        issuer: { ...entry.issuer, checkSignature: false },
        userValidationRules: [{ expression: 'false' }],
      },
      ['C', 'weak jwt[1].issuer.checkSignature not_understood'],
    ],
  ])('finds what is wrong with %s', (_, jwt, expected) => {
    const document = { apiVersion: 'apiserver.config.k8s.io/v1', jwt: [other, jwt] };
    expect(linted('kubernetes', { server: facts.audience }, document)).toEqual([...expected, null]);
  });

  const named = (url: string, username: object, audiences = [facts.audience]) => ({
    issuer: { url, audiences },
    claimMappings: { username },
  });
  test.each<[string, object, readonly string[]]>([
    ['with another prefix', named('https://evil.example', { claim: 'sub', prefix: 'corp:' }), ['A']],
    [
      'with the same prefix',
      named('https://evil.example', { claim: 'sub', prefix: 'sojourn:' }),
      ['F', 'overly_permissive jwt[1] entry_others'],
    ],
    [
      'without a prefix',
      named('https://evil.example', { claim: 'sub', prefix: '' }),
      ['F', 'overly_permissive jwt[1] entry_others'],
    ],
    [
      'with an expression',
      named('https://evil.example', { expression: '"sojourn:con_1"' }),
      ['C', 'weak jwt[1] entry_others'],
    ],
    [
      'of the same issuer without a rule',
      named(facts.issuer, { claim: 'sub', prefix: 'sojourn:' }),
      ['F', 'overly_permissive jwt[1] entry_others', 'blocks_access jwt rejected'],
    ],
    [
      'of the same issuer with another prefix',
      named(facts.issuer, { claim: 'sub', prefix: 'corp:' }),
      ['D', 'blocks_access jwt rejected', 'weak jwt[1] entry_others'],
    ],
  ])('reads a second entry %s', (_, second, expected) => {
    const document = { kind: 'AuthenticationConfiguration', jwt: [entry, second] };
    expect(linted('kubernetes', { server: facts.audience }, document)).toEqual([...expected, null]);
  });

  test('finds members beside the entries', () => {
    expect(
      linted('kubernetes', { server: facts.audience }, { jwt: [entry], anonymous: { enabled: true } }),
    ).toEqual(['C', 'weak anonymous.enabled not_understood', null]);
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
    [
      'an identity of AWS besides',
      [row({ awsAccount: '1' }, 'AWS'), row(info)],
      ['C', 'weak [0] entry_others'],
    ],
    [
      'an audience in a list in the list',
      [row({ ...info, audienceList: [audience, ['snowflakecomputing.com']] })],
      ['C', 'weak [0].additional_info.audienceList[1][0] not_understood'],
    ],
    [
      'a detail that nobody knows',
      [row({ ...info, anySubject: true })],
      ['C', 'weak [0].additional_info.anySubject not_understood'],
    ],
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
    ['two identities', [row(info), row({ ...info, subject: 'con_2' })], ['C', 'weak [1] entry_others']],
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

describe('the lint of a Vault role', () => {
  const role = {
    bound_audiences: [facts.audience],
    bound_subject: 'con_1',
    bound_claims: null,
    bound_claims_type: 'string',
    role_type: 'jwt',
    user_claim: 'sub',
    user_claim_json_pointer: false,
    groups_claim: '',
    clock_skew_leeway: 0,
    verbose_oidc_logging: false,
    token_policies: ['sojourn'],
    token_ttl: 3600,
    token_bound_cidrs: [],
  };
  const vault = (more: object) =>
    linted(
      'vault',
      { address: facts.audience },
      { request_id: '1', lease_duration: 0, warnings: null, data: { ...role, ...more } },
    );

  test.each<[string, object, readonly unknown[]]>([
    ['the role of the set-up', {}, ['A', `${JSON.stringify({ data: role }, null, 2)}\n`]],
    [
      'a claim that the token does not have',
      { bound_claims: { foo: false } },
      ['D', 'blocks_access data.bound_claims bound_claims_forbidden', null],
    ],
    ['the subject as a claim', { bound_claims: { sub: 'con_1' } }, ['A', null]],
    [
      'another subject as a claim',
      { bound_claims: { sub: 'con_2' } },
      ['D', 'blocks_access data.bound_claims.sub bound_claims_sub_differs', null],
    ],
    [
      'networks',
      { token_bound_cidrs: ['192.0.2.0/24'] },
      ['D', 'blocks_access data.token_bound_cidrs token_bound_cidrs_forbidden', null],
    ],
    [
      'a shared identity',
      { user_claim: 'iss' },
      ['C', 'weak data.user_claim user_claim_differs', expect.any(String)],
    ],
    [
      'a member that nobody knows',
      { skip_subject: true },
      ['C', 'weak data.skip_subject not_understood', null],
    ],
  ])('finds what is wrong with %s', (_, more, expected) => {
    expect(vault(more)).toEqual(expected);
  });

  test('corrects a role for browsers', () => {
    expect(vault({ role_type: 'oidc' })).toEqual([
      'D',
      'blocks_access data.role_type role_type_differs',
      `${JSON.stringify({ data: role }, null, 2)}\n`,
    ]);
  });
});

describe('the lint of a policy of Databricks', () => {
  const audience = 'https://dbc-1.cloud.databricks.com';
  const policy = { issuer: facts.issuer, audiences: [audience], subject: 'con_1', subject_claim: 'sub' };
  const printed = (oidc: object) => `${JSON.stringify({ oidc_policy: oidc }, null, 2)}\n`;

  test.each<[string, object, readonly unknown[]]>([
    ['the policy of the set-up', {}, ['A', printed(policy)]],
    [
      'keys elsewhere',
      { jwks_uri: 'https://evil.example/jwks' },
      [
        'F',
        'overly_permissive oidc_policy.jwks_uri jwks_uri_differs',
        printed({ ...policy, jwks_uri: `${facts.issuer}/jwks` }),
      ],
    ],
    [
      'keys in the policy',
      { jwks_json: '{"keys":[{"kty":"EC","kid":"evil"}]}' },
      ['F', 'overly_permissive oidc_policy.jwks_json jwks_json_forbidden', null],
    ],
    [
      'another claim as subject',
      { subject_claim: 'aud' },
      ['D', 'blocks_access oidc_policy.subject_claim subject_claim_differs', printed(policy)],
    ],
    ['a member that nobody knows', { any: 1 }, ['C', 'weak oidc_policy.any not_understood', null]],
  ])('finds what is wrong with %s', (_, more, expected) => {
    expect(
      linted(
        'databricks',
        { workspace: audience, client_id: '11111111-2222-4333-8444-555555555555' },
        { uid: '1', policy_id: 'sojourn', oidc_policy: { ...policy, ...more } },
        { audience },
      ),
    ).toEqual(expected);
  });
});

test('the lint of a rule of Anthropic finds a condition and the issuer, which it does not read', () => {
  const match = { subject_prefix: 'con_1', audience: facts.audience };
  expect(linted('anthropic', {}, { name: 'sojourn', match })).toEqual(['A', expect.any(String)]);
  expect(linted('anthropic', {}, { issuer_id: 'fdis_1', match: { ...match, condition: 'true' } })).toEqual([
    'C',
    'weak issuer_id not_understood',
    null,
  ]);
});
