/** Lint of pasted documents: every finding by its rule, and a corrected document without findings. */
import { describe, expect, test } from '@jest/globals';
import {
  type CloudName,
  clouds,
  diagnosisOf,
  type LintResult,
  type SetupFacts,
} from '../../src/clouds/index.ts';

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

function lint(cloud: CloudName, document: unknown, target: object = given[cloud]): LintResult {
  const parsed = clouds[cloud].target.parse(target);
  const { audience } = clouds[cloud].entry(parsed);
  const facts: SetupFacts = {
    ...{ issuer, subject, audience, vendor: 'Vendor' },
    connection: { id: subject, name: 'prod' },
  };
  return diagnosisOf(cloud).lint(parsed, facts, document);
}

const found = ({ findings }: LintResult) => findings.map(({ rule, severity }) => `${rule} ${severity}`);

/** Each row: a description, the document, the grade, the findings. */
type Row = readonly [string, unknown, string, readonly string[]];

/** Findings after which the customer has to choose: there is no corrected document. */
const undecided = ['denied blocks_access', 'limit blocks_access'];

function judges(cloud: CloudName, rows: readonly Row[], kept: readonly string[] = []): void {
  test.each(rows)('%s gets its grade, findings and corrected document', (_, document, grade, findings) => {
    const judged = lint(cloud, document);
    expect({ grade: judged.grade, found: found(judged) }).toEqual({ grade, found: findings });
    for (const { path: where, detail, advice } of judged.findings) {
      expect(typeof where).toBe('string');
      expect(`${detail} ${advice}`).toMatch(/^\S.{10,}\.$/s);
    }
    expect(judged.corrected === null).toBe(found(judged).some((finding) => undecided.includes(finding)));
    if (judged.corrected === null) return;
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

describe('lint: an AWS trust policy', () => {
  judges(
    'aws',
    [
      ['as in the set-up file', policy(statement()), 'A', []],
      ['as get-role shows it', { Role: { AssumeRolePolicyDocument: policy(statement()) } }, 'A', []],
      ['with no condition', asking({}), 'F', ['sub_missing overly_permissive', 'aud_missing weak']],
      ['with no sub', asking(rightAud), 'F', ['sub_missing overly_permissive']],
      ['with no aud', asking({ StringEquals: { [sub]: subject } }), 'C', ['aud_missing weak']],
      [
        'with a wildcard for any sub',
        asking({ ...rightAud, StringLike: { [sub]: '*' } }),
        'F',
        ['wildcard overly_permissive'],
      ],
      [
        'with a wildcard',
        asking({ ...rightAud, StringLike: { [sub]: 'con_*' } }),
        'F',
        ['wildcard overly_permissive'],
      ],
      [
        'with a variable that the caller chooses',
        asking({
          ...rightAud,
          StringEquals: { [aud]: 'sts.amazonaws.com', [sub]: '${sts:RoleSessionName}' },
        }),
        'F',
        ['wildcard overly_permissive', 'subject blocks_access', 'not_understood weak'],
      ],
      [
        'with a variable that has another value',
        asking({ ...rightAud, StringEquals: { [aud]: 'sts.amazonaws.com', [sub]: '${aws:userid}' } }),
        'D',
        ['subject blocks_access'],
      ],
      [
        'with StringLike',
        asking({ ...rightAud, StringLike: { [sub]: subject } }),
        'B',
        ['string_like redundant'],
      ],
      [
        'with a case-insensitive condition',
        asking({ StringEqualsIgnoreCase: exact.StringEquals }),
        'B',
        ['ignore_case redundant', 'ignore_case redundant'],
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
        'with only Null',
        asking({ ...rightAud, Null: { [sub]: 'false' } }),
        'F',
        ['sub_missing overly_permissive', 'null_test redundant'],
      ],
      [
        'with a negation',
        asking({ ...rightAud, StringNotEquals: { [sub]: 'con_x' } }),
        'F',
        ['sub_missing overly_permissive', 'negated redundant'],
      ],
      [
        'with another sub',
        asking({ StringEquals: { [aud]: 'sts.amazonaws.com', [sub]: subject.toUpperCase() } }),
        'D',
        ['subject blocks_access'],
      ],
      [
        'with several subs',
        asking({ StringEquals: { [aud]: 'sts.amazonaws.com', [sub]: [subject, 'con_2'] } }),
        'C',
        ['other_subjects weak'],
      ],
      [
        'with another aud',
        asking({ StringEquals: { [aud]: 'sts', [sub]: subject } }),
        'D',
        ['audience blocks_access'],
      ],
      [
        'with condition keys without the path',
        asking({
          StringEquals: { 'id.example.com:aud': 'sts.amazonaws.com', 'id.example.com:sub': subject },
        }),
        'D',
        ['wrong_prefix blocks_access', 'wrong_prefix blocks_access'],
      ],
      [
        'with a provider without the path',
        policy(statement({ Principal: { Federated: provider.slice(0, -4) } })),
        'D',
        ['provider_arn blocks_access'],
      ],
      [
        'with a trailing slash in the provider',
        policy(statement({ Principal: { Federated: `${provider}/` } })),
        'D',
        ['provider_arn blocks_access'],
      ],
      [
        'of another account',
        policy(statement({ Principal: { Federated: provider.replace('1111', '9999') } })),
        'D',
        ['provider_arn blocks_access'],
      ],
      [
        'for every principal',
        policy(statement({ Principal: '*' })),
        'F',
        ['any_principal overly_permissive', 'statement_missing blocks_access'],
      ],
      [
        'for every account',
        policy(statement(), statement({ Principal: { AWS: '*' }, Action: 'sts:AssumeRole' })),
        'F',
        ['any_principal overly_permissive'],
      ],
      [
        'for another account too',
        policy(statement(), statement({ Principal: { AWS: '999999999999' }, Action: 'sts:AssumeRole' })),
        'C',
        ['other_principals weak'],
      ],
      [
        'for another provider too',
        policy(statement({ Principal: { Federated: [provider, 'accounts.google.com'] } })),
        'C',
        ['other_providers weak'],
      ],
      [
        'without sts:TagSession',
        policy(statement({ Action: 'sts:AssumeRoleWithWebIdentity' })),
        'D',
        ['session_tags blocks_access'],
      ],
      [
        'without the action',
        policy(statement({ Action: ['sts:AssumeRole', 'sts:TagSession'] })),
        'D',
        ['action blocks_access', 'extra_actions redundant'],
      ],
      ['with every action', policy(statement({ Action: 'sts:*' })), 'C', ['wildcard_action weak']],
      [
        'with NotPrincipal',
        policy(statement({ NotPrincipal: { AWS: '1' } })),
        'F',
        ['negated overly_permissive'],
      ],
      ['without a statement', policy(), 'D', ['statement_missing blocks_access']],
      [
        'with another statement that admits another subject',
        policy(
          statement(),
          statement({ Condition: { StringEquals: { ...exact.StringEquals, [sub]: 'con_2' } } }),
        ),
        'C',
        ['subject weak'],
      ],
      [
        'with another statement that admits nobody',
        policy(statement(), statement({ Principal: { Federated: `${provider}/` } })),
        'B',
        ['provider_arn redundant'],
      ],
      [
        'that also denies',
        policy(statement(), statement({ Effect: 'Deny', Principal: '*' })),
        'D',
        ['denied blocks_access'],
      ],
    ],
    ['other_principals weak', 'other_providers weak', 'other_subjects weak', 'subject weak'],
  );
});

describe('lint: an IAM OIDC provider', () => {
  judges('aws', [
    ['without faults', { Url: 'id.example.com/t/1', ClientIDList: ['sts.amazonaws.com'] }, 'A', []],
    [
      'with a slash',
      { Url: 'id.example.com/t/1/', ClientIDList: ['sts.amazonaws.com'] },
      'D',
      ['issuer_slash blocks_access'],
    ],
    [
      'in upper case',
      { Url: 'id.example.com/T/1', ClientIDList: ['sts.amazonaws.com'] },
      'D',
      ['issuer_case blocks_access'],
    ],
    [
      'without the audience',
      { Url: 'id.example.com/t/1', ClientIDList: ['x'] },
      'D',
      ['audience blocks_access', 'other_audiences weak'],
    ],
  ]);
});

const flat = { name: 'sojourn', issuer, subject, audiences: ['api://AzureADTokenExchange'] };
const properties = { issuer, subject, audiences: ['api://AzureADTokenExchange'] };

describe('lint: a federated credential of Entra', () => {
  judges(
    'azure',
    [
      ['without nesting and faults', flat, 'A', []],
      ['of Resource Manager, without faults', { name: 'x', properties }, 'A', []],
      ['with a slash', { ...flat, issuer: `${issuer}/` }, 'D', ['issuer_slash blocks_access']],
      [
        'with spaces around the issuer',
        { ...flat, issuer: ` ${issuer}` },
        'D',
        ['issuer_blank blocks_access'],
      ],
      [
        'without the path',
        { ...flat, issuer: 'https://id.example.com' },
        'D',
        ['issuer_bytes blocks_access'],
      ],
      [
        'with http',
        { ...flat, issuer: issuer.replace('https', 'http') },
        'D',
        ['issuer_scheme blocks_access'],
      ],
      ['with another case', { ...flat, subject: subject.toUpperCase() }, 'D', ['subject_case blocks_access']],
      ['with an asterisk', { ...flat, subject: 'con_*' }, 'D', ['wildcard blocks_access']],
      [
        'with two audiences',
        { ...flat, audiences: [...flat.audiences, 'x'] },
        'D',
        ['audiences blocks_access'],
      ],
      [
        'with a string instead of a list of audiences',
        { ...flat, audiences: flat.audiences[0] },
        'D',
        ['audiences blocks_access'],
      ],
      [
        'with the audience of another Azure environment',
        { ...flat, audiences: ['api://AzureADTokenExchangeUSGov'] },
        'D',
        ['audience blocks_access'],
      ],
      [
        'with an expression',
        { ...flat, claimsMatchingExpression: { value: "claims['sub'] matches '*'" } },
        'D',
        ['expression blocks_access'],
      ],
      ['in a list', [flat], 'A', []],
      [
        'in a list with a duplicate',
        { value: [flat, { ...flat, name: 'b' }] },
        'D',
        ['duplicate_credential blocks_access'],
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
        ['subject_case blocks_access'],
      ],
      [
        'missing in a full list',
        Array.from({ length: 20 }, (_, index) => ({
          ...flat,
          issuer: 'https://other.example',
          subject: `s${index}`,
        })),
        'D',
        [
          'missing blocks_access',
          'limit blocks_access',
          ...Array.from({ length: 20 }, () => 'other_issuers weak'),
        ],
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

/** Each looks like a test of the subject but admits every subject, for example because the test is inside a string. */
const opened = [
  `assertion.jti != 'x && assertion.sub == "${subject}" && y'`,
  `assertion.sub == '${subject}' && true // '\n || true // '`,
  `assertion.sub == '${subject}' && "\\'" == "x" || true || "'" == "x"`,
  `assertion.sub == '${subject}' && r'\\' == r'\\' || true || 'x' == 'x'`,
  `assertion.sub == '${subject}' && r'\\' != "" || true || "' != assertion.jti //"`,
  `'''' || assertion.sub == '${subject}' && ''' != assertion.jti`,
  `assertion.jti == 'x' ? assertion.sub == '${subject}' : true`,
];

describe('lint: a workload identity provider', () => {
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
      ['without a condition', when(undefined), 'F', ['condition_missing overly_permissive']],
      [
        'with a condition on the start of the subject',
        when("assertion.sub.startsWith('con_')"),
        'F',
        ['condition_weak overly_permissive'],
      ],
      [
        'with an or of two subjects',
        when(`assertion.sub == '${subject}' || assertion.sub == 'con_2'`),
        'C',
        ['other_subjects weak'],
      ],
      [
        'with an or of the same subject',
        when(`assertion.sub == '${subject}' || assertion.sub == '${subject}'`),
        'A',
        [],
      ],
      [
        'with a condition on something else',
        when("assertion.aud != ''"),
        'F',
        ['condition_weak overly_permissive'],
      ],
      [
        'with the subject inside a string',
        when(`'assertion.sub==' + '${subject}' != ''`),
        'F',
        ['condition_weak overly_permissive'],
      ],
      ['with a condition on another subject', when("assertion.sub=='con_2'"), 'D', ['subject blocks_access']],
      [
        'with a list of subjects',
        when(`assertion.sub in ['${subject}', 'con_2']`),
        'C',
        ['other_subjects weak'],
      ],
      ['with a list of others', when("assertion.sub in ['con_2']"), 'D', ['subject blocks_access']],
      ['with a list of one', when(`assertion['sub'] in ["${subject}"]`), 'A', []],
      [
        'with a list that contains the subject of the token',
        when(`assertion.sub in ['${subject}', assertion.sub]`),
        'F',
        ['condition_weak overly_permissive'],
      ],
      [
        'with two required subjects',
        when(`assertion.sub == '${subject}' && assertion.sub == 'con_2'`),
        'D',
        ['subject blocks_access'],
      ],
      [
        'with an or in brackets next to the subject',
        when(`(assertion.jti != '' || assertion.iat > 0) && (assertion.sub == '${subject}')`),
        'A',
        [],
      ],
      ...opened.map(
        (condition): Row => [condition, when(condition), 'F', ['condition_weak overly_permissive']],
      ),
      [
        'with a slash',
        wif({ oidc: { issuerUri: `${issuer}/`, allowedAudiences: [audience] } }),
        'D',
        ['issuer_slash blocks_access'],
      ],
      ['without audiences', wif({ oidc: { issuerUri: issuer } }), 'B', ['audiences_missing redundant']],
      [
        'with another audience',
        wif({ oidc: { issuerUri: issuer, allowedAudiences: ['x'] } }),
        'D',
        ['audience blocks_access', 'other_audiences weak'],
      ],
      [
        'with a second audience',
        wif({ oidc: { issuerUri: issuer, allowedAudiences: [audience, 'x'] } }),
        'C',
        ['other_audiences weak'],
      ],
      [
        'with a mapping to a constant',
        wif({ attributeMapping: { 'google.subject': "'x'" } }),
        'F',
        ['mapping overly_permissive'],
      ],
      [
        'with a mapping of something else',
        wif({ attributeMapping: { 'google.subject': 'assertion.jti' } }),
        'D',
        ['mapping blocks_access'],
      ],
      ['that is deleted', wif({ state: 'DELETED' }), 'D', ['disabled blocks_access']],
      [
        'with the project id in its name',
        wif({ name: name.replace('123456789012', 'acme-prod') }),
        'D',
        ['provider_name blocks_access'],
      ],
    ],
    ['provider_name blocks_access', 'other_subjects weak'],
  );
});

const pool = 'iam.googleapis.com/projects/123456789012/locations/global/workloadIdentityPools/vendor-pool';
const member = `principal://${pool}/subject/${subject}`;
const bound = (...members: string[]) => ({
  version: 1,
  etag: 'BwY=',
  bindings: [{ role: 'roles/iam.workloadIdentityUser', members }],
});

describe('lint: the policy of a service account', () => {
  judges(
    'gcp',
    [
      ['as in the set-up file', bound(member), 'A', []],
      [
        'for the whole pool',
        bound(member, `principalSet://${pool}/*`),
        'F',
        ['pool_wide_binding overly_permissive'],
      ],
      [
        'for every principal',
        bound(member, 'allAuthenticatedUsers'),
        'F',
        ['any_principal overly_permissive'],
      ],
      [
        'for an attribute',
        bound(member, `principalSet://${pool}/attribute.env/prod`),
        'C',
        ['principal_set_binding weak'],
      ],
      [
        'for a principal with the project id',
        bound(member.replace('123456789012', 'acme-prod')),
        'D',
        ['project_id blocks_access', 'binding_missing blocks_access'],
      ],
      [
        'for another connection too',
        bound(member, `principal://${pool}/subject/con_2`),
        'C',
        ['other_subjects weak'],
      ],
      [
        'for people of the customer too',
        bound(member, 'user:admin@example.com'),
        'C',
        ['other_principals weak'],
      ],
      ['without bindings', { bindings: [] }, 'D', ['binding_missing blocks_access']],
    ],
    ['other_principals weak', 'principal_set_binding weak', 'other_subjects weak'],
  );
});

describe('lint', () => {
  test.each<[CloudName, unknown]>(
    (['aws', 'azure', 'gcp'] as const).flatMap((cloud) =>
      [null, 'text', 7, {}, { Statemen: [] }].map((document): [CloudName, unknown] => [cloud, document]),
    ),
  )('rejects a document that is not about access: %s, %j', (cloud, document) => {
    expect(() => lint(cloud, document)).toThrow(/^document: must be /);
  });

  test('handles hostile documents with members of the wrong type and texts of 10 KB', () => {
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

  test('uses a placeholder for the AWS account while the role is unknown', () => {
    const { grade, corrected } = lint('aws', policy(statement()), {});
    expect(grade).toBe('B');
    expect(corrected).toContain('arn:aws:iam::ACCOUNT:oidc-provider/id.example.com/t/1');
  });
});

describe('a document of which the check does not read a part', () => {
  const role = { RoleName: 'vendor', AssumeRolePolicyDocument: policy(statement()) };

  test.each<[CloudName, string, object, string]>([
    ['aws', 'aws iam get-role', { Role: role }, ''],
    ['aws', 'a role', role, ''],
    ['aws', 'a second policy', { Role: role, AssumeRolePolicyDocument: {} }, 'AssumeRolePolicyDocument'],
    ['aws', 'a policy beside that of the role', { ...role, Statement: [] }, 'Statement'],
    ['aws', 'a list that continues', { Role: role, IsTruncated: true }, 'IsTruncated'],
    ['azure', 'the last page of a list', { value: [flat], nextLink: null }, ''],
    ['azure', 'a page of a longer list', { value: [flat], nextLink: 'https://x' }, 'nextLink'],
    ['azure', 'a page of Graph', { value: [flat], '@odata.nextLink': 'https://x' }, '@odata.nextLink'],
    ['azure', 'members at two levels', { ...flat, properties }, 'issuer'],
    [
      'azure',
      'a second credential in properties',
      { name: 'a', properties: { ...properties, properties } },
      'properties.properties',
    ],
    ['gcp', 'a policy', bound(member), ''],
    ['gcp', 'a page of policies', { ...bound(member), nextPageToken: 'x' }, 'nextPageToken'],
  ])('of %s (%s) gets C at best, and without such a part A', (cloud, _description, document, path) => {
    const { grade, findings } = lint(cloud, document);
    expect({ grade, findings: findings.map(({ rule, path: where }) => `${rule} ${where}`) }).toEqual(
      path === '' ? { grade: 'A', findings: [] } : { grade: 'C', findings: [`not_understood ${path}`] },
    );
  });
});
