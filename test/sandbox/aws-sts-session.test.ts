import { createHash } from 'node:crypto';
import { IAMClient, ListRolesCommand } from '@aws-sdk/client-iam';
import { AssumeRoleWithWebIdentityCommand, GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  type AwsSandbox,
  account,
  query,
  refusal,
  sandboxTime,
  startAwsSandbox,
  trustOf,
} from '../support/aws-sandbox.ts';

const notAuthorized = {
  status: 403,
  code: 'AccessDenied',
  message: 'Not authorized to perform sts:AssumeRoleWithWebIdentity',
};
const accepted = { status: 200, code: undefined, message: undefined };
const invalid = (message: string) => ({ status: 400, code: 'InvalidIdentityToken', message });

let aws: AwsSandbox;
beforeAll(async () => {
  aws = await startAwsSandbox();
});
afterAll(() => aws.close());

async function assume(patch: Record<string, unknown> = {}, params: Record<string, string> = {}) {
  const { body: _body, ...outcome } = await aws.assume(await aws.issuer.sign(aws.claims(patch)), params);
  return outcome;
}

describe('the parameters of AssumeRoleWithWebIdentity', () => {
  const constraint = (text: string) => ({
    status: 400,
    code: 'ValidationError',
    message: `1 validation error detected: ${text}`,
  });

  test.each([
    [
      'a session name with a colon',
      { RoleSessionName: 'con:1' },
      constraint(
        "Value 'con:1' at 'roleSessionName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\w+=,.@-]*",
      ),
    ],
    [
      'a session name of one character',
      { RoleSessionName: 'a' },
      constraint(
        "Value 'a' at 'roleSessionName' failed to satisfy constraint: Member must have length greater than or equal to 2",
      ),
    ],
    [
      'less than 900 seconds',
      { DurationSeconds: '899' },
      constraint(
        "Value '899' at 'durationSeconds' failed to satisfy constraint: Member must have value greater than or equal to 900",
      ),
    ],
    [
      'more than 43,200 seconds',
      { DurationSeconds: '43201' },
      constraint(
        "Value '43201' at 'durationSeconds' failed to satisfy constraint: Member must have value less than or equal to 43200",
      ),
    ],
    [
      'more seconds than the role allows',
      { DurationSeconds: '7201' },
      {
        status: 400,
        code: 'ValidationError',
        message: 'The requested DurationSeconds exceeds the MaxSessionDuration set for this role.',
      },
    ],
    [
      'an ARN that is not a role',
      { RoleArn: 'arn:aws:iam::123456789012:user/somebody' },
      { status: 400, code: 'ValidationError', message: 'Request ARN is invalid' },
    ],
    ['a role that does not exist', { RoleArn: `arn:aws:iam::${account}:role/nobody` }, notAuthorized],
    ['a role whose name differs in case', { RoleArn: `arn:aws:iam::${account}:role/Partner` }, notAuthorized],
    [
      'a role of an account without this provider',
      { RoleArn: 'arn:aws:iam::210987654321:role/partner' },
      'foreign',
    ],
    [
      'a session policy that is not JSON',
      { Policy: '{' },
      { status: 400, code: 'MalformedPolicyDocument', message: 'This policy contains invalid Json' },
    ],
    [
      'a session policy with an action without a service',
      { Policy: '{"Statement":{"Effect":"Allow","Action":"GetObject","Resource":"*"}}' },
      {
        status: 400,
        code: 'MalformedPolicyDocument',
        message: 'Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.',
      },
    ],
    [
      'a session policy of 2,049 characters',
      { Policy: ' '.repeat(2049) },
      constraint(
        `Value '${' '.repeat(2049)}' at 'policy' failed to satisfy constraint: Member must have length less than or equal to 2048`,
      ),
    ],
  ])('must not contain %s', async (_title, params, expected) => {
    const foreign = invalid(`No OpenIDConnect provider found in your account for ${aws.issuer.issuer}`);
    expect(await assume({}, params as Record<string, string>)).toEqual(
      expected === 'foreign' ? foreign : expected,
    );
  });

  test('can request a session that is longer than the lifetime of the token', async () => {
    const { Credentials } = await aws.sts.send(
      new AssumeRoleWithWebIdentityCommand({
        RoleArn: aws.roleArn,
        RoleSessionName: 'test-session',
        WebIdentityToken: await aws.issuer.sign(aws.claims({ exp: sandboxTime + 60 })),
        DurationSeconds: 7200,
      }),
    );
    expect(Credentials?.Expiration).toEqual(new Date((sandboxTime + 7200) * 1000));
  });

  test('are checked together, and one error reports all violations', async () => {
    const outcome = await query(aws.origin, { Action: 'AssumeRoleWithWebIdentity', Version: '2011-06-15' });
    expect(outcome.message).toBe(
      "3 validation errors detected: Value null at 'roleArn' failed to satisfy constraint: Member must not be null; " +
        "Value null at 'roleSessionName' failed to satisfy constraint: Member must not be null; " +
        "Value null at 'webIdentityToken' failed to satisfy constraint: Member must not be null",
    );
  });
});

describe('session tags and source identity', () => {
  const tags = 'https://aws.amazon.com/tags';
  const wrong = invalid('principal_tags passed in claim is not in correct format.');

  test.each([
    [
      'nested, each a list with one value',
      { [tags]: { principal_tags: { Team: ['x'] }, transitive_tag_keys: ['Team'] } },
      accepted,
    ],
    [
      'flat, each a string',
      { [`${tags}/principal_tags/Team`]: 'x', [`${tags}/transitive_tag_keys`]: ['Team'] },
      accepted,
    ],
    ['nested, as strings', { [tags]: { principal_tags: { Team: 'x' } } }, wrong],
    ['nested, as a list with two values', { [tags]: { principal_tags: { Team: ['x', 'y'] } } }, wrong],
    ['nested, as an empty list', { [tags]: { principal_tags: { Team: [] } } }, wrong],
    ['flat, as a list', { [`${tags}/principal_tags/Team`]: ['x'] }, wrong],
    ['as a string', { [tags]: 'Team=x' }, wrong],
    ['over 256 characters', { [tags]: { principal_tags: { Team: ['x'.repeat(257)] } } }, wrong],
    [
      'more than fifty',
      {
        [tags]: {
          principal_tags: Object.fromEntries(Array.from({ length: 51 }, (_, n) => [`k${n}`, ['x']])),
        },
      },
      wrong,
    ],
  ])('tags %s', async (_title, patch, expected) => {
    expect(await assume(patch)).toEqual(expected);
  });

  test('a source identity is returned with the session', async () => {
    const answer = await aws.sts.send(
      new AssumeRoleWithWebIdentityCommand({
        RoleArn: aws.roleArn,
        RoleSessionName: 'test-session',
        WebIdentityToken: await aws.issuer.sign(
          aws.claims({ 'https://aws.amazon.com/source_identity': 'source-probe' }),
        ),
      }),
    );
    expect(answer.SourceIdentity).toBe('source-probe');
  });

  test('tags and source identity each need their action in the trust policy', async () => {
    const trust = trustOf(aws.providerArn, aws.prefix);
    const [statement] = trust.Statement;
    const bare = { ...trust, Statement: [{ ...statement!, Action: ['sts:AssumeRoleWithWebIdentity'] }] };
    const RoleArn = await aws.createRole('bare', bare);
    expect(await assume({}, { RoleArn })).toEqual(accepted);
    expect(await assume({ [tags]: { principal_tags: { Team: ['x'] } } }, { RoleArn })).toEqual(notAuthorized);
    expect(await assume({ 'https://aws.amazon.com/source_identity': 'probe' }, { RoleArn })).toEqual(
      notAuthorized,
    );
  });
});

describe('the packed size of a session', () => {
  const tagged = (count: number, length: number) => ({
    'https://aws.amazon.com/tags': {
      principal_tags: Object.fromEntries(
        Array.from({ length: count }, (_, n) => [`key-${n}`, [`${n}-`.padEnd(length, 'x')]]),
      ),
    },
  });
  /** As EKS Pod Identity sets them; aws/containers-roadmap#2413 measured that they consume 74 %. */
  const eks = {
    'eks-cluster-arn': 'arn:aws:eks:eu-west-1:111122223333:cluster/production',
    'eks-cluster-name': 'production',
    'kubernetes-namespace': 'payments',
    'kubernetes-service-account': 'worker',
    'kubernetes-pod-name': 'worker-6c5f4d7b9c-x2x7p',
    'kubernetes-pod-uid': '0f1c2d3e-4a5b-4c6d-8e7f-9a0b1c2d3e4f',
  };
  const tooLarge = (message: unknown) => ({ status: 400, code: 'PackedPolicyTooLarge', message });
  const ofTags = tooLarge(
    expect.stringMatching(/^Packed size of session tags consumes \d{3,}% of allotted space\.$/),
  );
  const ofPolicy = tooLarge(
    expect.stringMatching(/^Packed policy consumes \d{3,}% of allotted space, please use smaller policy\.$/),
  );
  const policy = (names: readonly string[]) =>
    JSON.stringify({
      Version: '2012-10-17',
      Statement: names.map((name) => ({
        Effect: 'Allow',
        Action: 's3:GetObject',
        Resource: `arn:aws:s3:::${name}`,
      })),
    });
  const similar = (count: number) => Array.from({ length: count }, (_, n) => `bucket-${n}/*`);
  const different = (count: number) =>
    similar(count).map((name) => createHash('sha256').update(name).digest('base64url'));

  test.each<[string, Record<string, unknown>, string | undefined, unknown]>([
    ['admits a few tags', tagged(4, 20), undefined, accepted],
    [
      'admits the tags of EKS',
      {
        'https://aws.amazon.com/tags': {
          principal_tags: Object.fromEntries(Object.entries(eks).map(([key, value]) => [key, [value]])),
        },
      },
      undefined,
      accepted,
    ],
    ['refuses 40 tags of 100 characters', tagged(40, 100), undefined, ofTags],
    ['refuses 44 tags of 256 characters', tagged(44, 256), undefined, ofTags],
    ['admits a repetitive policy of 2,048 characters', {}, policy(similar(21)).padEnd(2048), accepted],
    ['admits a policy with a few resources', {}, policy(different(8)), accepted],
    ['refuses a policy with many different resources', {}, policy(different(16)), ofPolicy],
    [
      'refuses tags and a policy that only together are too large',
      tagged(8, 20),
      policy(different(8)),
      ofPolicy,
    ],
  ])('%s', async (_title, claims, Policy, expected) => {
    expect(await assume(claims, Policy === undefined ? {} : { Policy })).toEqual(expected);
  });

  test('refuses a trust policy that does not allow tags before it measures them', async () => {
    const RoleArn = await aws.createRole('untagged', {
      ...trustOf(aws.providerArn, aws.prefix),
      Statement: [
        { ...trustOf(aws.providerArn, aws.prefix).Statement[0], Action: 'sts:AssumeRoleWithWebIdentity' },
      ],
    });
    expect(await assume(tagged(44, 256), { RoleArn })).toEqual(notAuthorized);
  });
});

describe('the roles claim', () => {
  const role = `arn:aws:iam::${account}:role/partner`;
  const other = `arn:aws:iam::${account}:role/another-role`;
  const absent = invalid('The target role ARN is not present in the roles claim of the identity token');
  const none = invalid('The roles claim contains no valid role ARNs');
  const unsupported = invalid('The roles claim is not in a supported format');

  test.each([
    ['an array with the role', [role], accepted],
    ['the role as a string', role, accepted],
    ['an array of several roles', [other, role], accepted],
    ['several roles separated by semicolons', `${other};${role}`, accepted],
    ['several roles with a space after the semicolon', `${other}; ${role}`, accepted],
    ['the role with surrounding spaces', ` ${role} `, accepted],
    ['a semicolon at the end', `${role};`, accepted],
    ['a semicolon at the start', `;${role}`, accepted],
    ['the role twice', [role, role], accepted],
    ['an array that also has a number', [123, role], accepted],
    ['an array that also has null', [null, role], accepted],
    ['an array that also has a string that is not an ARN', ['not-an-arn', role], accepted],
    ['null', null, accepted],
    ['another role', [other], absent],
    ['an empty array', [], none],
    ['an empty string', '', none],
    ['an array in an array', [[role]], none],
    ['a wildcard', `arn:aws:iam::${account}:role/*`, none],
    ['upper case', role.toUpperCase(), none],
    ['several roles separated by commas', `${other},${role}`, none],
    ['a number', 123, unsupported],
    ['a boolean', true, unsupported],
    ['an object', { role }, unsupported],
  ])('is checked as %s', async (_title, claim, expected) => {
    expect(await assume({ 'https://aws.amazon.com/roles': claim })).toEqual(expected);
  });

  test('sets sts:RoleAuthorizedByIdp', async () => {
    const arn = (name: string) => `arn:aws:iam::${account}:role/${name}`;
    for (const expected of ['true', 'false']) {
      const condition = { Bool: { 'sts:RoleAuthorizedByIdp': expected } };
      const RoleArn = await aws.createRole(
        `idp-${expected}`,
        trustOf(aws.providerArn, aws.prefix, condition),
      );
      expect(RoleArn).toBe(arn(`idp-${expected}`));
      const claim = { 'https://aws.amazon.com/roles': [RoleArn] };
      expect(await assume(claim, { RoleArn })).toEqual(expected === 'true' ? accepted : notAuthorized);
      expect(await assume({}, { RoleArn })).toEqual(expected === 'true' ? notAuthorized : accepted);
    }
  });
});

test('STS refuses a new role until it has propagated', async () => {
  await aws.control('PUT', '/faults', { cloud: 'aws', propagation_seconds: 10 });
  const RoleArn = await aws.createRole('fresh', trustOf(aws.providerArn, aws.prefix));
  expect(await assume({}, { RoleArn })).toEqual(notAuthorized);
  await aws.control('PUT', '/clock', { offset_seconds: 9 });
  expect(await assume({}, { RoleArn })).toEqual(notAuthorized);
  await aws.control('PUT', '/clock', { offset_seconds: 10 });
  expect(await assume({}, { RoleArn })).toEqual(accepted);
  await aws.control('PUT', '/faults', { cloud: 'aws' });
  await aws.control('PUT', '/clock', { offset_seconds: 0 });
});

describe('GetCallerIdentity', () => {
  const settings = () => ({ endpoint: `${aws.origin}/aws`, region: 'eu-central-1', maxAttempts: 1 });

  async function credentials() {
    const { Credentials } = await aws.sts.send(
      new AssumeRoleWithWebIdentityCommand({
        RoleArn: aws.roleArn,
        RoleSessionName: 'test-session',
        WebIdentityToken: await aws.issuer.sign(aws.claims({ iat: sandboxTime, exp: sandboxTime + 900 })),
      }),
    );
    return {
      accessKeyId: Credentials?.AccessKeyId ?? '',
      secretAccessKey: Credentials?.SecretAccessKey ?? '',
      sessionToken: Credentials?.SessionToken ?? '',
    };
  }

  /** Signs at the sandbox's time plus an offset. */
  const ask = async (patch: object = {}, offsetSeconds = 0) => {
    const client = new STSClient({
      ...settings(),
      credentials: { ...(await credentials()), ...patch },
      systemClockOffset: (sandboxTime + offsetSeconds) * 1000 - Date.now(),
    });
    return client.send(new GetCallerIdentityCommand({}));
  };

  test('returns the session of the credentials', async () => {
    const { $metadata: _metadata, ...identity } = await ask();
    expect(identity).toEqual({
      Arn: 'arn:aws:sts::123456789012:assumed-role/partner/test-session',
      Account: account,
      UserId: expect.stringMatching(/^AROA[A-Z2-7]{17}:test-session$/),
    });
  });

  test('refuses a wrong secret, a wrong or missing session token and an unknown key', async () => {
    const unknown = {
      status: 403,
      code: 'InvalidClientTokenId',
      message: 'The security token included in the request is invalid.',
    };
    expect(await refusal(ask({ secretAccessKey: 'wrong' }))).toEqual({
      status: 403,
      code: 'SignatureDoesNotMatch',
      message:
        'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.',
    });
    expect(await refusal(ask({ sessionToken: 'wrong' }))).toEqual(unknown);
    expect(await refusal(ask({ sessionToken: undefined }))).toEqual(unknown);
    expect(await refusal(ask({ accessKeyId: 'ASIAAAAAAAAAAAAAAAAA' }))).toEqual(unknown);
  });

  test('refuses a signature that is more than five minutes old or in the future', async () => {
    expect(await refusal(ask({}, -360))).toMatchObject({ status: 403, code: 'SignatureDoesNotMatch' });
    expect((await refusal(ask({}, -360))).message).toMatch(
      /^Signature expired: \d{8}T\d{6}Z is now earlier than \d{8}T\d{6}Z \(\d{8}T\d{6}Z - 5 min\.\)$/,
    );
    expect((await refusal(ask({}, 360))).message).toMatch(
      /^Signature not yet current: \d{8}T\d{6}Z is still later than \d{8}T\d{6}Z \(\d{8}T\d{6}Z \+ 5 min\.\)$/,
    );
  });

  test('refuses credentials that have expired', async () => {
    const client = new STSClient({
      ...settings(),
      credentials: await credentials(),
      systemClockOffset: (sandboxTime + 3600) * 1000 - Date.now(),
    });
    await aws.control('PUT', '/clock', { offset_seconds: 3600 });
    expect(await refusal(client.send(new GetCallerIdentityCommand({})))).toEqual({
      status: 403,
      code: 'ExpiredToken',
      message: 'The security token included in the request is expired',
    });
    await aws.control('PUT', '/clock', { offset_seconds: 0 });
  });

  test('refuses a call without a signature', async () => {
    const { body: _body, ...outcome } = await query(aws.origin, {
      Action: 'GetCallerIdentity',
      Version: '2011-06-15',
    });
    expect(outcome).toEqual({
      status: 403,
      code: 'MissingAuthenticationToken',
      message: 'Request is missing Authentication Token',
    });
  });

  test('is the only action that a session may call', async () => {
    const client = new IAMClient({
      ...settings(),
      credentials: await credentials(),
      systemClockOffset: sandboxTime * 1000 - Date.now(),
    });
    expect(await refusal(client.send(new ListRolesCommand({})))).toEqual({
      status: 403,
      code: 'AccessDenied',
      message:
        'User: arn:aws:sts::123456789012:assumed-role/partner/test-session is not authorized to perform: iam:ListRoles because no identity-based policy allows the iam:ListRoles action',
    });
  });
});
