/** Documents that customers paste: each fault by its name, and a corrected document that has none. */
import { describe, expect, test } from '@jest/globals';
import { type CloudName, clouds, type Linted, type SetupFacts } from '../../src/clouds/index.ts';

const subject = 'con_01k0abcdefghjkmnpqrstvwxyz';
const issuer = 'https://id.example.com/t/1';
const guid = '8d6c2f6e-1f0b-4e7e-9d3b-0a1b2c3d4e5f';
const given = {
  aws: { role_arn: 'arn:aws:iam::111122223333:role/vendor', session_tags: { Team: 'blue' } },
  azure: { tenant_id: guid, client_id: guid },
  gcp: {
    project_number: '123456789012',
    pool_id: 'vendor-pool',
    provider_id: 'vendor',
    service_account: 'deployer@acme.iam.gserviceaccount.com',
  },
} as const;

function lint(cloud: CloudName, document: unknown, target: object = given[cloud]): Linted {
  const { audience, lint: judge } = clouds[cloud].destination(clouds[cloud].target.parse(target));
  const facts: SetupFacts = {
    ...{ issuer, subject, audience, vendor: 'Vendor' },
    connection: { id: subject, name: 'prod' },
  };
  return judge(facts, document);
}

const found = ({ findings }: Linted) => findings.map(({ rule, severity }) => `${rule} ${severity}`);

/** Every row: the fault, the document, the grade, what is found. */
type Row = readonly [string, unknown, string, readonly string[]];

function judges(cloud: CloudName, rows: readonly Row[], kept: readonly string[] = []): void {
  test.each(rows)('%s', (_, document, grade, findings) => {
    const judged = lint(cloud, document);
    expect({ grade: judged.grade, found: found(judged) }).toEqual({ grade, found: findings });
    for (const { where, detail, advice } of judged.findings) {
      expect(typeof where).toBe('string');
      expect(`${detail} ${advice}`).toMatch(/^\S.{10,}\.$/s);
    }
    const again = found(lint(cloud, JSON.parse(judged.corrected)));
    expect(again.filter((finding) => !kept.includes(finding))).toEqual([]);
  });
}

const provider = 'arn:aws:iam::111122223333:oidc-provider/id.example.com/t/1';
const [aud, sub] = ['id.example.com/t/1:aud', 'id.example.com/t/1:sub'];
const exact = { StringEquals: { [aud]: 'sts.amazonaws.com', [sub]: subject } };
const statement = (patch: object = {}) => ({
  Effect: 'Allow',
  Principal: { Federated: provider },
  Action: ['sts:AssumeRoleWithWebIdentity', 'sts:TagSession'],
  Condition: exact,
  ...patch,
});
const policy = (...statements: object[]) => ({ Version: '2012-10-17', Statement: statements });
const asking = (Condition: object) => policy(statement({ Condition }));
const rightAud = { StringEquals: { [aud]: 'sts.amazonaws.com' } };

describe('a trust policy', () => {
  judges(
    'aws',
    [
      ['as in the set-up file', policy(statement()), 'A', []],
      ['as get-role shows it', { Role: { AssumeRolePolicyDocument: policy(statement()) } }, 'A', []],
      ['with no condition', asking({}), 'F', ['sub_missing stranger', 'aud_missing weak']],
      ['with no sub', asking(rightAud), 'F', ['sub_missing stranger']],
      ['with no aud', asking({ StringEquals: { [sub]: subject } }), 'C', ['aud_missing weak']],
      ['with any sub', asking({ ...rightAud, StringLike: { [sub]: '*' } }), 'F', ['wildcard stranger']],
      [
        'with a wildcard',
        asking({ ...rightAud, StringLike: { [sub]: 'con_*' } }),
        'F',
        ['wildcard stranger'],
      ],
      [
        'with a variable',
        asking({ ...rightAud, StringEquals: { [aud]: 'sts.amazonaws.com', [sub]: '${aws:userid}' } }),
        'F',
        ['wildcard stranger'],
      ],
      [
        'with StringLike',
        asking({ ...rightAud, StringLike: { [sub]: subject } }),
        'B',
        ['string_like untidy'],
      ],
      [
        'whatever the case',
        asking({ StringEqualsIgnoreCase: exact.StringEquals }),
        'B',
        ['ignore_case untidy', 'ignore_case untidy'],
      ],
      [
        'with ForAllValues',
        asking({ ...rightAud, 'ForAllValues:StringEquals': { [sub]: subject } }),
        'C',
        ['for_all_values weak'],
      ],
      [
        'with IfExists',
        asking({ ...rightAud, StringEqualsIfExists: { [sub]: subject } }),
        'C',
        ['if_exists weak'],
      ],
      [
        'with Null alone',
        asking({ ...rightAud, Null: { [sub]: 'false' } }),
        'F',
        ['sub_missing stranger', 'null_test untidy'],
      ],
      [
        'with a negation',
        asking({ ...rightAud, StringNotEquals: { [sub]: 'con_x' } }),
        'F',
        ['sub_missing stranger', 'negated untidy'],
      ],
      [
        'with another sub',
        asking({ StringEquals: { [aud]: 'sts.amazonaws.com', [sub]: subject.toUpperCase() } }),
        'D',
        ['subject closed'],
      ],
      [
        'with more subs',
        asking({ StringEquals: { [aud]: 'sts.amazonaws.com', [sub]: [subject, 'con_2'] } }),
        'C',
        ['other_subjects weak'],
      ],
      [
        'with another aud',
        asking({ StringEquals: { [aud]: 'sts', [sub]: subject } }),
        'D',
        ['audience closed'],
      ],
      [
        'whose keys have lost the path',
        asking({
          StringEquals: { 'id.example.com:aud': 'sts.amazonaws.com', 'id.example.com:sub': subject },
        }),
        'F',
        ['sub_missing stranger', 'wrong_prefix closed', 'wrong_prefix closed', 'aud_missing weak'],
      ],
      [
        'whose provider has lost the path',
        policy(statement({ Principal: { Federated: provider.slice(0, -4) } })),
        'D',
        ['provider_arn closed'],
      ],
      [
        'whose provider has a slash',
        policy(statement({ Principal: { Federated: `${provider}/` } })),
        'D',
        ['provider_arn closed'],
      ],
      [
        'of another account',
        policy(statement({ Principal: { Federated: provider.replace('1111', '9999') } })),
        'D',
        ['provider_arn closed'],
      ],
      [
        'for everybody',
        policy(statement({ Principal: '*' })),
        'F',
        ['anybody stranger', 'statement_missing closed'],
      ],
      [
        'for every account',
        policy(statement(), statement({ Principal: { AWS: '*' }, Action: 'sts:AssumeRole' })),
        'F',
        ['anybody stranger'],
      ],
      [
        'for an account beside',
        policy(statement(), statement({ Principal: { AWS: '999999999999' }, Action: 'sts:AssumeRole' })),
        'C',
        ['other_principals weak'],
      ],
      [
        'for another provider beside',
        policy(statement({ Principal: { Federated: [provider, 'accounts.google.com'] } })),
        'C',
        ['other_providers weak'],
      ],
      [
        'without sts:TagSession',
        policy(statement({ Action: 'sts:AssumeRoleWithWebIdentity' })),
        'D',
        ['session_tags closed'],
      ],
      [
        'without the action',
        policy(statement({ Action: ['sts:AssumeRole', 'sts:TagSession'] })),
        'D',
        ['action closed', 'extra_actions untidy'],
      ],
      ['with every action', policy(statement({ Action: 'sts:*' })), 'C', ['wildcard_action weak']],
      ['with NotPrincipal', policy(statement({ NotPrincipal: { AWS: '1' } })), 'F', ['negated stranger']],
      ['of nobody', policy(), 'D', ['statement_missing closed']],
      [
        'where another statement lets somebody else in',
        policy(
          statement(),
          statement({ Condition: { StringEquals: { ...exact.StringEquals, [sub]: 'con_2' } } }),
        ),
        'C',
        ['subject weak'],
      ],
      [
        'where another statement lets nobody in',
        policy(statement(), statement({ Principal: { Federated: `${provider}/` } })),
        'B',
        ['provider_arn untidy'],
      ],
      ['that also denies', policy(statement(), statement({ Effect: 'Deny', Principal: '*' })), 'A', []],
    ],
    ['anybody stranger', 'other_principals weak'],
  );
});

describe('an OIDC provider of IAM', () => {
  judges('aws', [
    ['as it should be', { Url: 'id.example.com/t/1', ClientIDList: ['sts.amazonaws.com'] }, 'A', []],
    [
      'with a slash',
      { Url: 'id.example.com/t/1/', ClientIDList: ['sts.amazonaws.com'] },
      'D',
      ['issuer_slash closed'],
    ],
    [
      'in upper case',
      { Url: 'id.example.com/T/1', ClientIDList: ['sts.amazonaws.com'] },
      'D',
      ['issuer_case closed'],
    ],
    [
      'without the audience',
      { Url: 'id.example.com/t/1', ClientIDList: ['x'] },
      'D',
      ['audience closed', 'other_audiences weak'],
    ],
  ]);
});

const flat = { name: 'sojourn', issuer, subject, audiences: ['api://AzureADTokenExchange'] };
const properties = { issuer, subject, audiences: ['api://AzureADTokenExchange'] };

describe('a federated credential', () => {
  judges(
    'azure',
    [
      ['flat, as it should be', flat, 'A', []],
      ['of Resource Manager, as it should be', { name: 'x', properties }, 'A', []],
      ['with a slash', { ...flat, issuer: `${issuer}/` }, 'D', ['issuer_slash closed']],
      ['with blanks', { ...flat, issuer: ` ${issuer}` }, 'D', ['issuer_blank closed']],
      ['without the path', { ...flat, issuer: 'https://id.example.com' }, 'D', ['issuer_bytes closed']],
      ['with http', { ...flat, issuer: issuer.replace('https', 'http') }, 'D', ['issuer_scheme closed']],
      ['with another case', { ...flat, subject: subject.toUpperCase() }, 'D', ['subject_case closed']],
      ['with an asterisk', { ...flat, subject: 'con_*' }, 'D', ['wildcard closed']],
      ['with two audiences', { ...flat, audiences: [...flat.audiences, 'x'] }, 'D', ['audiences closed']],
      ['with a text for an audience', { ...flat, audiences: flat.audiences[0] }, 'D', ['audiences closed']],
      [
        'with the audience of another Azure',
        { ...flat, audiences: ['api://AzureADTokenExchangeUSGov'] },
        'D',
        ['audience closed'],
      ],
      [
        'with an expression',
        { ...flat, claimsMatchingExpression: { value: "claims['sub'] matches '*'" } },
        'D',
        ['expression closed'],
      ],
      ['in a list', [flat], 'A', []],
      [
        'in a list with a second for the same',
        { value: [flat, { ...flat, name: 'b' }] },
        'D',
        ['twice closed'],
      ],
      [
        'in a list that has another connection',
        [flat, { ...flat, subject: 'con_2' }],
        'C',
        ['other_subjects weak'],
      ],
      [
        'in a list, with a fault',
        [{ ...flat, subject: subject.toUpperCase() }],
        'D',
        ['subject_case closed'],
      ],
      [
        'not in a list that is full',
        Array.from({ length: 20 }, (_, index) => ({
          ...flat,
          issuer: 'https://other.example',
          subject: `s${index}`,
        })),
        'D',
        ['missing closed', 'limit closed'],
      ],
    ],
    ['other_subjects weak'],
  );
});

const name = 'projects/123456789012/locations/global/workloadIdentityPools/vendor-pool/providers/vendor';
const audience = `https://iam.googleapis.com/${name}`;
const wif = (patch: object = {}) => ({
  name,
  state: 'ACTIVE',
  attributeMapping: { 'google.subject': 'assertion.sub' },
  attributeCondition: `assertion.sub=='${subject}'`,
  oidc: { issuerUri: issuer, allowedAudiences: [audience] },
  ...patch,
});
const when = (attributeCondition: unknown) => wif({ attributeCondition });

/** Each looks like a test of the subject and lets everybody in: the test stands in a text, or what follows it does not. */
const opened = [
  `assertion.jti != 'x && assertion.sub == "${subject}" && y'`,
  `assertion.sub == '${subject}' && true // '\n || true // '`,
  `assertion.sub == '${subject}' && "\\'" == "x" || true || "'" == "x"`,
  `assertion.sub == '${subject}' && r'\\' == r'\\' || true || 'x' == 'x'`,
  `assertion.sub == '${subject}' && r'\\' != "" || true || "' != assertion.jti //"`,
  `'''' || assertion.sub == '${subject}' && ''' != assertion.jti`,
  `assertion.jti == 'x' ? assertion.sub == '${subject}' : true`,
];

describe('a provider of a pool', () => {
  judges(
    'gcp',
    [
      ['as in the set-up file', wif(), 'A', []],
      [
        'with a condition that asks for more',
        when(`assertion.sub == "${subject}" && assertion.iss != 'x'`),
        'A',
        [],
      ],
      ['with google.subject', when(`google.subject == '${subject}'`), 'A', []],
      ['in brackets', when(`(assertion.sub == '${subject}')`), 'A', []],
      ['without a condition', when(undefined), 'F', ['condition_missing stranger']],
      [
        'with a condition on the beginning',
        when("assertion.sub.startsWith('con_')"),
        'F',
        ['condition_weak stranger'],
      ],
      [
        'with an or',
        when(`assertion.sub == '${subject}' || assertion.sub == 'con_2'`),
        'F',
        ['condition_weak stranger'],
      ],
      ['with a condition on something else', when("assertion.aud != ''"), 'F', ['condition_weak stranger']],
      [
        'with the subject within a text',
        when(`'assertion.sub==' + '${subject}' != ''`),
        'F',
        ['condition_weak stranger'],
      ],
      ['with a condition on another subject', when("assertion.sub=='con_2'"), 'D', ['subject closed']],
      [
        'with a list of subjects',
        when(`assertion.sub in ['${subject}', 'con_2']`),
        'C',
        ['other_subjects weak'],
      ],
      ['with a list of others', when("assertion.sub in ['con_2']"), 'D', ['subject closed']],
      ['with a list of one', when(`assertion['sub'] in ["${subject}"]`), 'A', []],
      [
        'with a list that holds whoever asks',
        when(`assertion.sub in ['${subject}', assertion.sub]`),
        'F',
        ['condition_weak stranger'],
      ],
      [
        'with two subjects at once',
        when(`assertion.sub == '${subject}' && assertion.sub == 'con_2'`),
        'D',
        ['subject closed'],
      ],
      [
        'with an or beside the subject, in brackets',
        when(`(assertion.jti != '' || assertion.iat > 0) && (assertion.sub == '${subject}')`),
        'A',
        [],
      ],
      ...opened.map((condition): Row => [condition, when(condition), 'F', ['condition_weak stranger']]),
      [
        'with a slash',
        wif({ oidc: { issuerUri: `${issuer}/`, allowedAudiences: [audience] } }),
        'D',
        ['issuer_slash closed'],
      ],
      ['without audiences', wif({ oidc: { issuerUri: issuer } }), 'B', ['audiences_missing untidy']],
      [
        'with another audience',
        wif({ oidc: { issuerUri: issuer, allowedAudiences: ['x'] } }),
        'D',
        ['audience closed', 'other_audiences weak'],
      ],
      [
        'with a second audience',
        wif({ oidc: { issuerUri: issuer, allowedAudiences: [audience, 'x'] } }),
        'C',
        ['other_audiences weak'],
      ],
      [
        'with a mapping that makes all one',
        wif({ attributeMapping: { 'google.subject': "'x'" } }),
        'F',
        ['mapping stranger'],
      ],
      [
        'with a mapping of something else',
        wif({ attributeMapping: { 'google.subject': 'assertion.jti' } }),
        'D',
        ['mapping closed'],
      ],
      ['that is deleted', wif({ state: 'DELETED' }), 'D', ['disabled closed']],
      [
        'named by the id of the project',
        wif({ name: name.replace('123456789012', 'acme-prod') }),
        'D',
        ['provider_name closed'],
      ],
    ],
    ['disabled closed', 'provider_name closed'],
  );
});

const pool = 'iam.googleapis.com/projects/123456789012/locations/global/workloadIdentityPools/vendor-pool';
const member = `principal://${pool}/subject/${subject}`;
const bound = (...members: string[]) => ({
  version: 1,
  etag: 'BwY=',
  bindings: [{ role: 'roles/iam.workloadIdentityUser', members }],
});

describe('the policy of a service account', () => {
  judges('gcp', [
    ['as in the set-up file', bound(member), 'A', []],
    ['for the whole pool', bound(member, `principalSet://${pool}/*`), 'F', ['pool_wide_binding stranger']],
    ['for everybody', bound(member, 'allAuthenticatedUsers'), 'F', ['anybody stranger']],
    [
      'for an attribute',
      bound(member, `principalSet://${pool}/attribute.env/prod`),
      'C',
      ['principal_set_binding weak'],
    ],
    [
      'for the id of the project',
      bound(member.replace('123456789012', 'acme-prod')),
      'D',
      ['project_id closed', 'binding_missing closed'],
    ],
    [
      'for another connection too',
      bound(member, `principal://${pool}/subject/con_2`),
      'C',
      ['other_subjects weak'],
    ],
    ['for people of the customer too', bound(member, 'user:admin@example.com'), 'A', []],
    ['for nobody', { bindings: [] }, 'D', ['binding_missing closed']],
  ]);
});

describe('anything else', () => {
  test.each<[CloudName, unknown]>(
    (['aws', 'azure', 'gcp'] as const).flatMap((cloud) =>
      [null, 'text', 7, {}, { Statemen: [] }].map((document): [CloudName, unknown] => [cloud, document]),
    ),
  )('is refused by name: %s, %j', (cloud, document) => {
    expect(() => lint(cloud, document)).toThrow(/^document: is no /);
  });

  test('may be hostile: members of the wrong kind and texts of 10 KB are judged like any other', () => {
    const long = '*'.repeat(10_000);
    const odd = [null, 7, [], {}, long, [long], { [long]: long }];
    for (const value of odd) {
      for (const document of [
        policy(statement({ Condition: value })),
        policy(statement({ Condition: { StringLike: { [sub]: value } } })),
        policy(statement({ Action: value })),
        policy(statement({ Principal: value })),
        { Statement: value },
      ])
        expect(lint('aws', document).grade).toMatch(/[CDF]/);
      expect(lint('azure', { ...flat, subject: value }).grade).toBe('D');
      expect(lint('azure', { ...flat, audiences: value }).grade).toBe('D');
      expect(lint('gcp', when(value)).grade).toBe('F');
      expect(lint('gcp', wif({ oidc: value })).grade).toBe('D');
      expect(lint('gcp', { bindings: [value, { role: value, members: value }] }).grade).toBe('D');
      for (const { detail } of lint('gcp', when(long)).findings) expect(detail.length).toBeLessThan(300);
    }
  });

  test('at AWS the account is named by a word where the role is not known yet', () => {
    const { grade, corrected } = lint('aws', policy(statement()), {});
    expect(grade).toBe('B');
    expect(corrected).toContain('arn:aws:iam::ACCOUNT:oidc-provider/id.example.com/t/1');
  });
});
