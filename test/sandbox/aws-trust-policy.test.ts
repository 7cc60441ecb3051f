import { UpdateAssumeRolePolicyCommand } from '@aws-sdk/client-iam';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type AwsSandbox, account, refusal, startAwsSandbox } from '../support/aws-sandbox.ts';

const notAuthorized = {
  status: 403,
  code: 'AccessDenied',
  message: 'Not authorized to perform sts:AssumeRoleWithWebIdentity',
};
const accepted = { status: 200, code: undefined, message: undefined };

let aws: AwsSandbox;
beforeAll(async () => {
  aws = await startAwsSandbox();
});
afterAll(() => aws.close());

const put = (policy: unknown) =>
  aws.iam.send(
    new UpdateAssumeRolePolicyCommand({
      RoleName: 'partner',
      PolicyDocument: typeof policy === 'string' ? policy : JSON.stringify(policy),
    }),
  );

const web = 'sts:AssumeRoleWithWebIdentity';
const statement = (patch: object) => ({ Effect: 'Allow', Action: web, ...patch });
const policy = (...statements: object[]) => ({ Version: '2012-10-17', Statement: statements });
const malformed = (message: string) => ({
  status: 400,
  code: 'MalformedPolicyDocumentException',
  message,
});

describe('IAM refuses a trust policy', () => {
  const Principal = { Federated: `arn:aws:iam::${account}:oidc-provider/id.example.com` };

  test.each([
    ['that is not JSON', '{"Version":', 'This policy contains invalid Json'],
    ['that is a list', '[]', 'Syntax errors in policy.'],
    ['without a statement', { Version: '2012-10-17' }, 'Syntax errors in policy.'],
    [
      'of an unknown version',
      { Version: '2020-01-01', Statement: statement({ Principal }) },
      'The policy must contain a valid version string.',
    ],
    ['with an unknown field', policy(statement({ Principal, Conditions: {} })), 'Syntax errors in policy.'],
    ['with an unknown effect', policy(statement({ Principal, Effect: 'allow' })), 'Syntax errors in policy.'],
    ['without a principal', policy(statement({})), 'Missing required field Principal'],
    ['with a resource', policy(statement({ Principal, Resource: '*' })), 'Has prohibited field Resource'],
    [
      'for another action',
      policy(statement({ Principal, Action: 's3:GetObject' })),
      'AssumeRole policy may only specify STS AssumeRole actions.',
    ],
    [
      'for the action in another case',
      policy(statement({ Principal, Action: 'STS:assumerolewithwebidentity' })),
      'AssumeRole policy may only specify STS AssumeRole actions.',
    ],
    [
      'for a provider that is no ARN',
      policy(statement({ Principal: { Federated: 'id.example.com' } })),
      'Invalid principal in policy: "FEDERATED":"id.example.com"',
    ],
    [
      'for an account of 8 digits',
      policy(statement({ Principal: { AWS: 'arn:aws:iam::11112222:root' } })),
      'Invalid principal in policy: "AWS":"arn:aws:iam::11112222:root"',
    ],
    [
      'for all roles of an account',
      policy(statement({ Principal: { AWS: `arn:aws:iam::${account}:role/*` } })),
      `Invalid principal in policy: "AWS":"arn:aws:iam::${account}:role/*"`,
    ],
    ...[
      `arn:aws:iam::${account}:role/nobody`,
      `arn:aws:iam::${account}:role/vendors/partner`,
      'arn:aws:iam::210987654321:role/partner',
      `arn:aws:sts::${account}:assumed-role/nobody/session`,
    ].map((arn): [string, unknown, string] => [
      `for ${arn}, which does not exist`,
      policy(statement({ Principal: { AWS: [`arn:aws:iam::${account}:role/partner`, arn] } })),
      `Invalid principal in policy: "AWS":"${arn}"`,
    ]),
    [
      'for a service that is no host',
      policy(statement({ Principal: { Service: 'sts' } })),
      'Invalid principal in policy: "SERVICE":"sts"',
    ],
    [
      'for an unknown type of principal',
      policy(statement({ Principal: { Fedrated: Principal.Federated } })),
      `Invalid principal in policy: "FEDRATED":"${Principal.Federated}"`,
    ],
    ['for an empty principal', policy(statement({ Principal: {} })), 'Invalid principal in policy'],
    [
      'for an ARN that is no member of an object',
      policy(statement({ Principal: Principal.Federated })),
      `Invalid principal in policy: "${Principal.Federated}"`,
    ],
    [
      'with a condition key without prefix',
      policy(statement({ Principal, Condition: { StringEquals: { sub: 'con_1' } } })),
      'Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.',
    ],
    [
      'with an unknown operator',
      policy(statement({ Principal, Condition: { StringEqual: { a: 'b' } } })),
      'Invalid Condition type : StringEqual',
    ],
  ])('%s', async (_title, document, message) => {
    expect(await refusal(put(document))).toEqual(malformed(message));
  });

  test('unless the role, or the session of one, exists in any account', async () => {
    await put(
      policy(
        statement({
          Principal: {
            AWS: [
              `arn:aws:iam::${account}:role/partner`,
              `arn:aws:sts::${account}:assumed-role/partner/session`,
              `arn:aws:iam::${account}:user/alice`,
              '210987654321',
            ],
          },
        }),
      ),
    );
  });

  test('with more than 2,048 characters without white space', async () => {
    const document = JSON.stringify(policy(statement({ Principal, Sid: 'a'.repeat(2048) })));
    expect(await refusal(put(document))).toEqual({
      status: 409,
      code: 'LimitExceededException',
      message: 'Cannot exceed quota for ACLSizePerRole: 2048',
    });
    await put(JSON.stringify(policy(statement({ Principal, Sid: 'a'.repeat(1700) })), null, 80));
  });
});

describe('IAM checks trust policies for issuers that serve many customers', () => {
  const github = 'token.actions.githubusercontent.com';
  const githubArn = (issuer = github) => `arn:aws:iam::${account}:oidc-provider/${issuer}`;
  const tooWide = (principal: string, keys: string) =>
    malformed(
      `Trust policy with trusted principal ${principal} must evaluate, using StringEquals, StringLike or StringEqualsIgnoreCase, ${keys} which is not scoped to all.`,
    );
  const githubRefusal = (issuer = github) =>
    tooWide(githubArn(issuer), `${issuer}:sub or ${issuer}:job_workflow_ref`);
  const trust = (principal: string, Condition?: unknown) =>
    policy(statement({ Principal: { Federated: principal }, ...(Condition ? { Condition } : {}) }));

  test.each([
    ['no condition', undefined, false],
    ['StringEquals', { StringEquals: { [`${github}:sub`]: 'owned' } }, true],
    ['StringEqualsIgnoreCase', { StringEqualsIgnoreCase: { [`${github}:sub`]: 'owned' } }, true],
    ['StringLike', { StringLike: { [`${github}:sub`]: 'owned:*' } }, true],
    ['ForAnyValue', { 'ForAnyValue:StringEquals': { [`${github}:sub`]: 'owned' } }, true],
    ['ForAllValues, unsafe as it is', { 'ForAllValues:StringEquals': { [`${github}:sub`]: 'owned' } }, true],
    ['the other key', { StringEquals: { [`${github}:job_workflow_ref`]: 'owned' } }, true],
    ['a lone question mark', { StringEquals: { [`${github}:sub`]: '?' } }, true],
    ['a question mark before an asterisk', { StringLike: { [`${github}:sub`]: '??*' } }, true],
    ['no value at all', { StringEquals: { [`${github}:sub`]: [] } }, true],
    ['an asterisk', { StringEquals: { [`${github}:sub`]: '*' } }, false],
    ['two asterisks', { StringEquals: { [`${github}:sub`]: '**' } }, false],
    ['an asterisk at the start', { StringLike: { [`${github}:sub`]: '*owned' } }, false],
    ['an empty text', { StringEquals: { [`${github}:sub`]: '' } }, false],
    ['a blank', { StringLike: { [`${github}:sub`]: ' ' } }, false],
    ['an asterisk and another value', { StringEquals: { [`${github}:sub`]: ['*', 'owned'] } }, false],
    [
      'a narrow key beside a wide one',
      { StringEquals: { [`${github}:sub`]: 'owned', [`${github}:job_workflow_ref`]: '*' } },
      false,
    ],
    ['StringNotEquals', { StringNotEquals: { [`${github}:sub`]: 'owned' } }, false],
    ['IfExists', { StringEqualsIfExists: { [`${github}:sub`]: 'owned' } }, false],
    ['Null', { Null: { [`${github}:sub`]: 'false' } }, false],
    ['only the audience', { StringEquals: { [`${github}:aud`]: 'owned' } }, false],
  ])('GitHub: %s', async (_title, condition, allowed) => {
    const call = put(trust(githubArn(), condition));
    if (allowed) await call;
    else expect(await refusal(call)).toEqual(githubRefusal());
  });

  test('GitHub: also for issuers with a path', async () => {
    const condition = { StringEquals: { [`${github}:sub`]: 'owned' } };
    expect(await refusal(put(trust(githubArn(`${github}/private`), condition)))).toEqual(
      githubRefusal(`${github}/private`),
    );
  });

  test.each([
    ['no condition', undefined, false],
    ['an asterisk', { StringLike: { 'gitlab.com:sub': '*' } }, false],
    ['an asterisk and another value', { StringLike: { 'gitlab.com:sub': ['*', 'owned'] } }, false],
    ['two asterisks', { StringLike: { 'gitlab.com:sub': '**' } }, true],
    ['an empty string', { StringLike: { 'gitlab.com:sub': '' } }, true],
    [
      'a narrow test and a broad one',
      { StringEquals: { 'gitlab.com:sub': 'owned' }, StringLike: { 'gitlab.com:sub': '*' } },
      true,
    ],
  ])('GitLab: %s', async (_title, condition, allowed) => {
    const call = put(trust(githubArn('gitlab.com'), condition));
    if (allowed) await call;
    else expect(await refusal(call)).toEqual(tooWide('gitlab.com', 'gitlab.com:sub'));
  });

  test('except for Deny statements, other actions and unlisted issuers', async () => {
    const principal = { Federated: githubArn() };
    await put(policy({ Effect: 'Deny', Principal: principal, Action: web }));
    await put(policy({ Effect: 'Allow', Principal: principal, Action: 'sts:TagSession' }));
    await put(trust(githubArn('id.example.com')));
    await put(trust(githubArn('gitlab.com/private')));
  });
});

describe('a trust policy admits a token', () => {
  const key = (name: string) => `${aws.prefix}:${name}`;
  const provider = () => ({ Federated: aws.providerArn });

  async function assume(document: object, patch: Record<string, unknown> = {}) {
    await put(document);
    const { body: _body, ...outcome } = await aws.assume(await aws.issuer.sign(aws.claims(patch)));
    return outcome;
  }

  test.each<[string, () => object, boolean]>([
    ['by its exact subject', () => ({ StringEquals: { [key('sub')]: 'con_1' } }), true],
    [
      'by the condition key in another case',
      () => ({ StringEquals: { [key('sub').toUpperCase()]: 'con_1' } }),
      true,
    ],
    ['by the effective audience', () => ({ StringEquals: { [key('aud')]: 'client-a' } }), true],
    ['by the original audience', () => ({ StringEquals: { [key('oaud')]: 'client-a' } }), true],
    ['by a list', () => ({ StringEquals: { [key('sub')]: ['x', 'con_1'] } }), true],
    ['by a pattern', () => ({ StringLike: { [key('sub')]: 'con_?' } }), true],
    ['in another case', () => ({ StringEqualsIgnoreCase: { [key('sub')]: 'CON_1' } }), true],
    ['by two values of amr', () => ({ 'ForAllValues:StringLike': { [key('amr')]: ['p*', 'o*'] } }), true],
    ['by one value of amr', () => ({ 'ForAnyValue:StringEquals': { [key('amr')]: 'otp' } }), true],
    ['by a variable', () => ({ StringEquals: { 'sts:RoleSessionName': '${sts:RoleSessionName}' } }), true],
    [
      'by the default of a variable without a value',
      () => ({ StringEquals: { [key('sub')]: "${aws:username, 'con_1'}" } }),
      true,
    ],
    ['by the absence of a key', () => ({ Null: { 'aws:PrincipalArn': 'true' } }), true],
    ['by an absent key with IfExists', () => ({ StringEqualsIfExists: { 'aws:x': 'y' } }), true],
    ['by an absent key with a negated operator', () => ({ StringNotEquals: { 'aws:x': 'y' } }), true],
    ['by the account of its provider', () => ({ StringEquals: { 'aws:PrincipalAccount': account } }), true],
    ['as a user', () => ({ StringEquals: { 'aws:PrincipalType': 'User' } }), true],
    ['by its provider', () => ({ ArnLike: { 'aws:userid': 'arn:aws:iam::*:oidc-provider/*' } }), true],
    ['by the time', () => ({ DateLessThan: { 'aws:CurrentTime': '2026-09-22T00:00:00Z' } }), true],
    ['by the time as a number', () => ({ NumericGreaterThan: { 'aws:EpochTime': '1789999999' } }), true],
    ['by the region', () => ({ StringEquals: { 'aws:RequestedRegion': 'us-east-1' } }), true],
    ['by an address', () => ({ IpAddress: { 'aws:SourceIp': '127.0.0.0/8' } }), true],
    ['not by a subject in another case', () => ({ StringEquals: { [key('sub')]: 'CON_1' } }), false],
    ['not by a pattern under StringEquals', () => ({ StringEquals: { [key('sub')]: 'con_*' } }), false],
    ['not by the prefix without the path', () => ({ StringEquals: { '127.0.0.1:sub': 'con_1' } }), false],
    ['not by a custom claim', () => ({ StringEquals: { [key('custom')]: 'x' } }), false],
    ['not by a negated subject', () => ({ StringNotEquals: { [key('sub')]: ['x', 'con_1'] } }), false],
    ['not by a negated pattern', () => ({ StringNotLike: { [key('sub')]: 'con_*' } }), false],
    ['not by a variable without a value', () => ({ StringLike: { [key('sub')]: '${aws:username}' } }), false],
    ['not by the ARN of a principal', () => ({ StringLike: { 'aws:PrincipalArn': '*' } }), false],
    ['not as a federated user', () => ({ StringEquals: { 'aws:PrincipalType': 'FederatedUser' } }), false],
    ['not by a user id of provider and subject', () => ({ StringLike: { 'aws:userid': '*:con_1' } }), false],
    ['not by a negated address', () => ({ NotIpAddress: { 'aws:SourceIp': '127.0.0.1' } }), false],
    [
      'not if only one of two conditions holds',
      () => ({ StringEquals: { [key('sub')]: 'con_1', [key('aud')]: 'x' } }),
      false,
    ],
  ])('%s', async (_title, condition, allowed) => {
    const document = policy(statement({ Principal: provider(), Condition: condition() }));
    expect(await assume(document, { amr: ['pwd', 'otp'], custom: 'x' })).toEqual(
      allowed ? accepted : notAuthorized,
    );
  });

  test('if its provider is one of several', async () => {
    const Principal = { Federated: [`arn:aws:iam::${account}:oidc-provider/x.example.com`, aws.providerArn] };
    expect(await assume(policy(statement({ Principal })))).toEqual(accepted);
  });

  test('by a pattern of actions', async () => {
    const document = policy(statement({ Principal: provider(), Action: 'sts:AssumeRoleWith*' }));
    expect(await assume(document)).toEqual(accepted);
  });

  test.each<[string, () => object]>([
    ['of another provider', () => ({ Federated: `${aws.providerArn}/` })],
    ['of every AWS principal', () => ({ AWS: '*' })],
    ['of everyone', () => '*' as unknown as object],
  ])('not as a principal %s', async (_title, principal) => {
    expect(await assume(policy(statement({ Principal: principal() })))).toEqual(notAuthorized);
  });

  test('not by another action', async () => {
    const document = policy(statement({ Principal: provider(), Action: 'sts:AssumeRole' }));
    expect(await assume(document)).toEqual(notAuthorized);
  });

  test('not if a Deny applies, in any order', async () => {
    const allow = statement({ Principal: provider() });
    const deny = { Effect: 'Deny', Action: 'sts:*', Condition: { StringEquals: { [key('sub')]: 'con_1' } } };
    for (const principal of [provider(), '*', { AWS: '*' }]) {
      const forbid = { ...deny, Principal: principal };
      expect(await assume(policy(forbid, allow))).toEqual(notAuthorized);
      expect(await assume(policy(allow, forbid))).toEqual(notAuthorized);
      expect(await assume(policy(allow, forbid), { sub: 'con_2' })).toEqual(accepted);
    }
  });

  test('by the tags of the token', async () => {
    const Condition = {
      StringEquals: { 'aws:RequestTag/Team': 'a' },
      'ForAllValues:StringEquals': { 'aws:TagKeys': ['Team'] },
    };
    const Action = [web, 'sts:TagSession'];
    const document = policy(statement({ Principal: provider(), Action, Condition }));
    const tags = (principal_tags: object) => ({ 'https://aws.amazon.com/tags': { principal_tags } });
    expect(await assume(document, tags({ Team: ['a'] }))).toEqual(accepted);
    expect(await assume(document, tags({ Team: ['b'] }))).toEqual(notAuthorized);
    expect(await assume(document, tags({ Team: ['a'], More: ['x'] }))).toEqual(notAuthorized);
    expect(await assume(document)).toEqual(notAuthorized);
  });
});
