import {
  AttachRolePolicyCommand,
  CreateRoleCommand,
  type CreateRoleCommandInput,
  DeleteRoleCommand,
  DeleteRolePolicyCommand,
  DetachRolePolicyCommand,
  GetRoleCommand,
  GetRolePolicyCommand,
  ListAttachedRolePoliciesCommand,
  ListRolePoliciesCommand,
  ListRolesCommand,
  ListRoleTagsCommand,
  PutRolePolicyCommand,
  TagRoleCommand,
  UpdateAssumeRolePolicyCommand,
  UpdateRoleCommand,
} from '@aws-sdk/client-iam';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  type AwsSandbox,
  account,
  refusal,
  sandboxTime,
  startAwsSandbox,
  trustOf,
} from '../support/aws-sandbox.ts';

let aws: AwsSandbox;
let trust: string;
beforeAll(async () => {
  aws = await startAwsSandbox();
  trust = JSON.stringify(trustOf(aws.providerArn, aws.prefix));
});
afterAll(() => aws.close());

const RoleName = 'Sojourn';

const create = (input: Partial<CreateRoleCommandInput>) =>
  aws.iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: trust, ...input }));

const identity = () => ({
  Path: '/vendors/',
  RoleName,
  RoleId: expect.stringMatching(/^AROA[A-Z2-7]{17}$/),
  Arn: `arn:aws:iam::${account}:role/vendors/Sojourn`,
  CreateDate: new Date(sandboxTime * 1000),
  AssumeRolePolicyDocument: encodeURIComponent(trust).replaceAll('*', '%2A'),
});

const readOnly = JSON.stringify({
  Version: '2012-10-17',
  Statement: { Effect: 'Allow', Action: 's3:Get*', Resource: '*' },
});

const prefaced = 'Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.';

describe('a role of the sandbox', () => {
  test('is returned by CreateRole without its settings', async () => {
    const { Role } = await create({
      Path: '/vendors/',
      Description: 'for <Sojourn>',
      MaxSessionDuration: 7200,
      Tags: [{ Key: 'team', Value: 'a' }],
    });
    expect(Role).toEqual({ ...identity(), Tags: [{ Key: 'team', Value: 'a' }] });
  });

  test('is returned completely by GetRole', async () => {
    const { Role } = await aws.iam.send(new GetRoleCommand({ RoleName }));
    expect(Role).toEqual({
      ...identity(),
      Description: 'for <Sojourn>',
      MaxSessionDuration: 7200,
      Tags: [{ Key: 'team', Value: 'a' }],
      RoleLastUsed: {},
    });
  });

  test('is listed by path', async () => {
    const { Roles } = await aws.iam.send(new ListRolesCommand({ PathPrefix: '/vendors/' }));
    expect(Roles).toEqual([{ ...identity(), Description: 'for <Sojourn>', MaxSessionDuration: 7200 }]);
  });

  const invalidName = (value: string) =>
    `1 validation error detected: Value '${value}' at 'roleName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\w+=,.@-]+`;

  test.each([
    [
      'twice, in any case',
      { RoleName: 'SOJOURN' },
      409,
      'EntityAlreadyExistsException',
      'Role with name SOJOURN already exists.',
    ],
    ['with a space in its name', { RoleName: 'a b' }, 400, 'ValidationError', invalidName('a b')],
    [
      'with a name of 65 characters',
      { RoleName: 'a'.repeat(65) },
      400,
      'ValidationError',
      `1 validation error detected: Value '${'a'.repeat(65)}' at 'roleName' failed to satisfy constraint: Member must have length less than or equal to 64`,
    ],
    [
      'for sessions under an hour',
      { RoleName: 'brief', MaxSessionDuration: 3599 },
      400,
      'ValidationError',
      "1 validation error detected: Value '3599' at 'maxSessionDuration' failed to satisfy constraint: Member must have value greater than or equal to 3600",
    ],
    [
      'for sessions over twelve hours',
      { RoleName: 'long', MaxSessionDuration: 43_201 },
      400,
      'ValidationError',
      "1 validation error detected: Value '43201' at 'maxSessionDuration' failed to satisfy constraint: Member must have value less than or equal to 43200",
    ],
    [
      'with tag keys that differ only in case',
      {
        RoleName: 'tags',
        Tags: [
          { Key: 'a', Value: '1' },
          { Key: 'A', Value: '2' },
        ],
      },
      400,
      'InvalidInputException',
      'Duplicate tag keys found. Please note that Tag keys are case insensitive.',
    ],
  ])('is not created %s', async (_title, input, status, code, message) => {
    expect(await refusal(create(input))).toEqual({ status, code, message });
  });

  test('allows changes of its trust policy, session duration and tags', async () => {
    const document = JSON.stringify(
      trustOf(aws.providerArn, aws.prefix, { Bool: { 'aws:SecureTransport': true } }),
    );
    await aws.iam.send(new UpdateAssumeRolePolicyCommand({ RoleName, PolicyDocument: document }));
    await aws.iam.send(new UpdateRoleCommand({ RoleName, MaxSessionDuration: 3600 }));
    await aws.iam.send(
      new TagRoleCommand({
        RoleName,
        Tags: [
          { Key: 'Team', Value: 'b' },
          { Key: 'x', Value: 'y' },
        ],
      }),
    );
    const { Role } = await aws.iam.send(new GetRoleCommand({ RoleName }));
    expect(decodeURIComponent(Role?.AssumeRolePolicyDocument ?? '')).toBe(document);
    expect(Role?.MaxSessionDuration).toBe(3600);
    const { Tags } = await aws.iam.send(new ListRoleTagsCommand({ RoleName }));
    expect(Tags).toEqual([
      { Key: 'Team', Value: 'b' },
      { Key: 'x', Value: 'y' },
    ]);
  });

  test('has inline and managed policies, and cannot be deleted before they are removed', async () => {
    const PolicyArn = 'arn:aws:iam::aws:policy/ReadOnlyAccess';
    const PolicyName = 'read';
    await aws.iam.send(new PutRolePolicyCommand({ RoleName, PolicyName, PolicyDocument: readOnly }));
    await aws.iam.send(new AttachRolePolicyCommand({ RoleName, PolicyArn }));
    const inline = await aws.iam.send(new GetRolePolicyCommand({ RoleName, PolicyName }));
    expect(decodeURIComponent(inline.PolicyDocument ?? '')).toBe(readOnly);
    const { PolicyNames } = await aws.iam.send(new ListRolePoliciesCommand({ RoleName }));
    expect(PolicyNames).toEqual([PolicyName]);
    const { AttachedPolicies } = await aws.iam.send(new ListAttachedRolePoliciesCommand({ RoleName }));
    expect(AttachedPolicies).toEqual([{ PolicyName: 'ReadOnlyAccess', PolicyArn }]);

    const drop = () => aws.iam.send(new DeleteRoleCommand({ RoleName }));
    const conflict = { status: 409, code: 'DeleteConflictException' };
    expect(await refusal(drop())).toEqual({
      ...conflict,
      message: 'Cannot delete entity, must delete policies first.',
    });
    await aws.iam.send(new DeleteRolePolicyCommand({ RoleName, PolicyName }));
    expect(await refusal(drop())).toEqual({
      ...conflict,
      message: 'Cannot delete entity, must detach all policies first.',
    });
    await aws.iam.send(new DetachRolePolicyCommand({ RoleName, PolicyArn }));
    await drop();
    expect(await refusal(aws.iam.send(new GetRoleCommand({ RoleName })))).toEqual({
      status: 404,
      code: 'NoSuchEntityException',
      message: `The role with name ${RoleName} cannot be found.`,
    });
  });

  test.each([
    ['is not JSON', '{', 'This policy contains invalid Json'],
    ['has no statement', '{}', 'Syntax errors in policy.'],
    [
      'names a principal',
      JSON.stringify({ Statement: { Effect: 'Allow', Principal: '*', Action: '*', Resource: '*' } }),
      'Policy document should not specify a principal.',
    ],
    [
      'names no resource',
      JSON.stringify({ Statement: { Effect: 'Allow', Action: '*' } }),
      'Policy statement must contain resources.',
    ],
    [
      'names no action',
      JSON.stringify({ Statement: { Effect: 'Allow', Resource: '*' } }),
      'Policy statement must contain actions.',
    ],
    ...(
      [
        ['an action without a service', { Action: 'GetObject' }, prefaced],
        [
          'an action with two colons',
          { Action: 's3:Get:Object' },
          'Actions/Condition can contain only one colon.',
        ],
        ['an action with a pattern for the service', { Action: 's*:GetObject' }, 'Vendor s* is not valid'],
        [
          'an excluded action without a service',
          { Action: undefined, NotAction: ['s3:*', 'Get*'] },
          prefaced,
        ],
        ['actions and excluded actions', { NotAction: 's3:*' }, 'Syntax errors in policy.'],
        ['an empty list of actions', { Action: [] }, 'Policy statement must contain actions.'],
        [
          'a bucket that is no ARN',
          { Resource: 'my-bucket/*' },
          'Resource my-bucket/* must be in ARN format or "*".',
        ],
        ['an empty resource', { Resource: ['*', ''] }, 'Resource  must be in ARN format or "*".'],
        ['a short ARN', { Resource: 'arn:aws:s3' }, 'The policy failed legacy parsing'],
        [
          'an excluded resource that is no ARN',
          { Resource: undefined, NotResource: 'b' },
          'Resource b must be in ARN format or "*".',
        ],
        ['resources and excluded resources', { NotResource: 'arn:aws:s3:::b' }, 'Syntax errors in policy.'],
        ['a condition key without prefix', { Condition: { StringLike: { prefix: 'a/*' } } }, prefaced],
      ] as const
    ).map(([title, patch, message]): [string, string, string] => [
      `has ${title}`,
      JSON.stringify({ Statement: { Effect: 'Allow', Action: 's3:GetObject', Resource: '*', ...patch } }),
      message,
    ]),
  ])('rejects an inline policy that %s', async (_title, PolicyDocument, message) => {
    const put = new PutRolePolicyCommand({ RoleName: 'partner', PolicyName: 'p', PolicyDocument });
    expect(await refusal(aws.iam.send(put))).toEqual({
      status: 400,
      code: 'MalformedPolicyDocumentException',
      message,
    });
  });

  test('accepts patterns and variables in actions and resources', async () => {
    const PolicyDocument = JSON.stringify({
      Version: '2012-10-17',
      Statement: [
        {
          Effect: 'Allow',
          Action: ['*', 's3:Get*', 'dynamodb:?etItem'],
          Resource: 'arn:aws:s3:::b/${aws:userid}/*',
        },
        { Effect: 'Deny', NotAction: 'execute-api:Invoke', NotResource: ['arn:aws:iam::*:role/*', '*'] },
      ],
    });
    await aws.iam.send(new PutRolePolicyCommand({ RoleName: 'partner', PolicyName: 'p', PolicyDocument }));
  });

  test('rejects a managed policy that does not exist', async () => {
    const PolicyArn = `arn:aws:iam::${account}:policy/none`;
    const attach = new AttachRolePolicyCommand({ RoleName: 'partner', PolicyArn });
    expect(await refusal(aws.iam.send(attach))).toEqual({
      status: 404,
      code: 'NoSuchEntityException',
      message: `Policy ${PolicyArn} does not exist or is not attachable.`,
    });
  });
});
