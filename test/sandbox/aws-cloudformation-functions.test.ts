/** Functions, mappings, updates, change sets and stack sets in the sandbox's CloudFormation. */
import {
  CreateChangeSetCommand,
  CreateStackCommand,
  CreateStackInstancesCommand,
  CreateStackSetCommand,
  DeleteStackInstancesCommand,
  DeleteStackSetCommand,
  DescribeChangeSetCommand,
  DescribeStackEventsCommand,
  DescribeStackSetOperationCommand,
  DescribeStacksCommand,
  ExecuteChangeSetCommand,
  ListStackInstancesCommand,
  ListStackSetOperationResultsCommand,
  UpdateStackCommand,
  UpdateStackSetCommand,
} from '@aws-sdk/client-cloudformation';
import {
  GetRoleCommand,
  ListRolePoliciesCommand,
  ListRolesCommand,
  PutRolePermissionsBoundaryCommand,
} from '@aws-sdk/client-iam';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type AwsSandbox, account, refusal, startAwsSandbox } from '../support/aws-sandbox.ts';
import { startTestIssuer } from '../support/test-issuer.ts';

let aws: AwsSandbox;
beforeAll(async () => {
  aws = await startAwsSandbox();
});
afterAll(() => aws.close());

const trusting = (service: string) => ({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: { Service: service }, Action: 'sts:AssumeRole' }],
});

/** A stack with one function and one custom resource that invokes it; `body` is the body of the handler. */
const calling = (body: string, { service = 'lambda.amazonaws.com', handler = 'index.handler' } = {}) => ({
  Role: { Type: 'AWS::IAM::Role', Properties: { AssumeRolePolicyDocument: trusting(service) } },
  Function: {
    Type: 'AWS::Lambda::Function',
    Properties: {
      Runtime: 'nodejs22.x',
      Handler: handler,
      Timeout: 5,
      Role: { 'Fn::GetAtt': ['Role', 'Arn'] },
      Code: { ZipFile: `exports.handler = async (event) => {${body}}` },
    },
  },
  Called: {
    Type: 'Custom::Called',
    Properties: { ServiceToken: { 'Fn::GetAtt': ['Function', 'Arn'] }, Number: 1 },
  },
});

const answering = (members: string) => `
  const { StackId, RequestId, LogicalResourceId } = event;
  await fetch(event.ResponseURL, { method: 'PUT', headers: { 'content-type': '' }, body: JSON.stringify({
    Status: 'SUCCESS', StackId, RequestId, LogicalResourceId, PhysicalResourceId: 'p', ${members} }) });`;

async function createStack(name: string, Resources: object, more: object = {}) {
  await aws.cloudFormation.send(
    new CreateStackCommand({
      StackName: name,
      TemplateBody: JSON.stringify({ Resources, ...more }),
      Capabilities: ['CAPABILITY_IAM'],
    }),
  );
  const { Stacks = [] } = await aws.cloudFormation.send(new DescribeStacksCommand({ StackName: name }));
  const { StackEvents = [] } = await aws.cloudFormation.send(
    new DescribeStackEventsCommand({ StackName: name }),
  );
  const failed = StackEvents.find(({ ResourceStatus }) => ResourceStatus === 'CREATE_FAILED');
  return {
    status: Stacks[0]?.StackStatus,
    outputs: (Stacks[0]?.Outputs ?? []).map(({ OutputValue }) => OutputValue),
    failed: failed?.LogicalResourceId,
    reason: failed?.ResourceStatusReason,
  };
}
const output = (name: string) => ({ Outputs: { It: { Value: { 'Fn::GetAtt': ['Called', name] } } } });

describe('a custom resource of the sandbox', () => {
  test('passes its properties to the function with numbers as text, and exposes the attributes of the response', async () => {
    const body = answering(
      'Data: { Saw: [event.RequestType, event.ResourceType, event.ResourceProperties.Number].map((x) => typeof x + x).join() }',
    );
    expect(await createStack('properties', calling(body), output('Saw'))).toMatchObject({
      status: 'CREATE_COMPLETE',
      outputs: ['stringCreate,stringCustom::Called,string1'],
    });
  });

  test('runs its function without access to files, child processes and environment variables', async () => {
    const tries = [
      "() => require('fs').readFileSync('/etc/passwd')",
      "() => require('child_process').execSync('id')",
    ];
    const body = `
      const tried = [${tries.join()}].map((f) => { try { f(); return 'did'; } catch (error) { return error.code; } });
      ${answering('Data: { Saw: [...tried, Object.keys(process.env).length].join() }')}`;
    expect(await createStack('closed', calling(body), output('Saw'))).toMatchObject({
      outputs: ['ERR_ACCESS_DENIED,ERR_ACCESS_DENIED,0'],
    });
  });

  const refused: [string, ReturnType<typeof calling>, string, string][] = [
    ['the function does not respond', calling(''), 'Called', 'did not receive a response'],
    ['the function throws', calling('throw new Error("x")'), 'Called', 'did not receive a response'],
    [
      'the response is not JSON',
      calling(
        "await fetch(event.ResponseURL, { method: 'PUT', headers: { 'content-type': '' }, body: '{' });",
      ),
      'Called',
      'did not receive a response',
    ],
    [
      'the response has the status FAILED',
      calling(answering("Status: 'FAILED', Reason: 'no luck'")),
      'Called',
      'no luck',
    ],
    [
      'the response has another request id',
      calling(answering("RequestId: 'x'")),
      'Called',
      'Invalid response',
    ],
    [
      'Lambda cannot assume the role',
      calling('', { service: 'ec2.amazonaws.com' }),
      'Function',
      'cannot be assumed by Lambda',
    ],
    ['the handler has another file name', calling('', { handler: 'other.handler' }), 'Function', 'Handler'],
  ];
  test.each(refused)('rolls its stack back if %s', async (condition, resources, failed, reason) => {
    expect(await createStack(condition.replaceAll(' ', '-'), resources)).toEqual({
      status: 'ROLLBACK_COMPLETE',
      outputs: [],
      failed,
      reason: expect.stringContaining(reason),
    });
  });
});

test('a mapping returns the value for the account, and the stack is rolled back if there is none', async () => {
  const role = {
    Role: {
      Type: 'AWS::IAM::Role',
      Properties: {
        AssumeRolePolicyDocument: trusting('lambda.amazonaws.com'),
        Description: { 'Fn::FindInMap': ['Of', { Ref: 'AWS::AccountId' }, 'Text'] },
      },
    },
  };
  const found = { Mappings: { Of: { [account]: { Text: 'here' } } } };
  expect(await createStack('mapped', role, found)).toMatchObject({ status: 'CREATE_COMPLETE' });
  expect(
    await createStack('unmapped', role, { Mappings: { Of: { '999999999999': { Text: 'x' } } } }),
  ).toMatchObject({
    status: 'ROLLBACK_COMPLETE',
    reason: expect.stringContaining(`Unable to get mapping for Of::${account}::Text`),
  });
});

test('CreateRole refuses a permissions boundary that does not exist', async () => {
  const arn = `arn:aws:iam::${account}:policy/nothing`;
  expect(
    await refusal(
      aws.iam.send(new PutRolePermissionsBoundaryCommand({ RoleName: 'partner', PermissionsBoundary: arn })),
    ),
  ).toMatchObject({ status: 404, message: `Scope ARN: ${arn} does not exist or is not attachable.` });
});

const roleNamed = (RoleName: string, more: object = {}) => ({
  Type: 'AWS::IAM::Role',
  Properties: { RoleName, AssumeRolePolicyDocument: trusting('lambda.amazonaws.com'), ...more },
});
const CAPABILITY_NAMED_IAM = ['CAPABILITY_NAMED_IAM' as const];
const bodyOf = (Resources: object, more: object = {}) => JSON.stringify({ Resources, ...more });

async function stateOf(StackName: string) {
  const { Stacks = [] } = await aws.cloudFormation.send(new DescribeStacksCommand({ StackName }));
  const { StackEvents = [] } = await aws.cloudFormation.send(new DescribeStackEventsCommand({ StackName }));
  return {
    status: Stacks[0]?.StackStatus,
    reasons: StackEvents.filter(({ ResourceStatus }) => /_FAILED$/.test(ResourceStatus ?? '')).map(
      ({ LogicalResourceId, ResourceStatusReason }) => [LogicalResourceId, ResourceStatusReason],
    ),
  };
}
const rolesLike = async (start: string) =>
  ((await aws.iam.send(new ListRolesCommand({}))).Roles ?? [])
    .map(({ RoleName = '' }) => RoleName)
    .filter((name) => name.startsWith(start));
const roleOf = async (RoleName: string) => (await aws.iam.send(new GetRoleCommand({ RoleName }))).Role;
const inline = (PolicyName: string) => ({
  PolicyName,
  PolicyDocument: { Statement: { Effect: 'Allow', Action: 's3:GetObject', Resource: '*' } },
});

describe('UpdateStack', () => {
  const update = async (StackName: string, TemplateBody: string) => {
    await aws.cloudFormation.send(
      new UpdateStackCommand({ StackName, TemplateBody, Capabilities: CAPABILITY_NAMED_IAM }),
    );
    return stateOf(StackName);
  };
  const create = (StackName: string, TemplateBody: string) =>
    aws.cloudFormation.send(
      new CreateStackCommand({ StackName, TemplateBody, Capabilities: CAPABILITY_NAMED_IAM }),
    );

  test('changes a role in place, replaces one with another name, removes and adds others', async () => {
    const before = {
      Changed: roleNamed('u-changed', { Policies: [inline('old'), inline('both')] }),
      Replaced: roleNamed('u-replaced'),
      Removed: roleNamed('u-removed'),
      Kept: { ...roleNamed('u-kept'), DeletionPolicy: 'Retain' },
    };
    await create('update', bodyOf(before));
    const { RoleId } = (await roleOf('u-changed')) ?? {};
    const after = {
      Changed: roleNamed('u-changed', { Description: 'new', Policies: [inline('both'), inline('new')] }),
      Replaced: roleNamed('u-replacement'),
      Added: roleNamed('u-added', { Description: { 'Fn::GetAtt': ['Changed', 'RoleId'] } }),
    };
    expect(await update('update', bodyOf(after))).toEqual({ status: 'UPDATE_COMPLETE', reasons: [] });
    expect(await roleOf('u-changed')).toMatchObject({ RoleId, Description: 'new' });
    const list = new ListRolePoliciesCommand({ RoleName: 'u-changed' });
    expect((await aws.iam.send(list)).PolicyNames?.toSorted()).toEqual(['both', 'new']);
    expect((await rolesLike('u-')).toSorted()).toEqual(['u-added', 'u-changed', 'u-kept', 'u-replacement']);
    expect(await roleOf('u-added')).toMatchObject({ Description: RoleId });
    expect(await refusal(update('update', bodyOf(after)))).toEqual({
      status: 400,
      code: 'ValidationError',
      message: 'No updates are to be performed.',
    });
  });

  test('restores everything if one resource fails', async () => {
    await create(
      'restore',
      bodyOf({ One: roleNamed('r-one', { Description: 'old' }), Two: roleNamed('r-two') }),
    );
    const broken = { One: roleNamed('r-one', { Description: 'new' }), Two: roleNamed('partner') };
    expect(await update('restore', bodyOf(broken))).toEqual({
      status: 'UPDATE_ROLLBACK_COMPLETE',
      reasons: [['Two', expect.stringContaining('Role with name partner already exists.')]],
    });
    expect(await roleOf('r-one')).toMatchObject({ Description: 'old' });
    expect((await rolesLike('r-')).toSorted()).toEqual(['r-one', 'r-two']);
    const sound = { One: roleNamed('r-one', { Description: 'new' }), Two: roleNamed('r-two') };
    expect(await update('restore', bodyOf(sound))).toMatchObject({ status: 'UPDATE_COMPLETE' });
  });

  test('fails for a provider without ThumbprintList, which its creation needs not, as in AWS', async () => {
    const other = await startTestIssuer();
    const provider = (tag: string) => ({
      Provider: {
        Type: 'AWS::IAM::OIDCProvider',
        Properties: { Url: other.issuer, ClientIdList: ['c'], Tags: [{ Key: 't', Value: tag }] },
      },
    });
    await create('provider', bodyOf(provider('a')));
    await other.close();
    expect(await update('provider', bodyOf(provider('b')))).toEqual({
      status: 'UPDATE_ROLLBACK_COMPLETE',
      reasons: [['Provider', expect.stringContaining("Value null at 'thumbprintList' failed to satisfy")]],
    });
  });

  test('invokes the function of a custom resource with the old and the new properties', async () => {
    const body = answering(
      'Data: { Saw: [event.RequestType, event.PhysicalResourceId, event.OldResourceProperties?.Number, event.ResourceProperties.Number].join() }',
    );
    const resources = calling(body);
    await createStack('told', resources, output('Saw'));
    const changed = {
      ...resources,
      Called: { ...resources.Called, Properties: { ...resources.Called.Properties, Number: 2 } },
    };
    expect(await update('told', bodyOf(changed, output('Saw')))).toMatchObject({ status: 'UPDATE_COMPLETE' });
    const { Stacks = [] } = await aws.cloudFormation.send(new DescribeStacksCommand({ StackName: 'told' }));
    expect(Stacks[0]?.Outputs?.[0]?.OutputValue).toBe('Update,p,1,2');
  });
});

describe('a change set', () => {
  const prepare = (
    StackName: string,
    ChangeSetName: string,
    TemplateBody: string,
    type: 'CREATE' | 'UPDATE',
  ) =>
    aws.cloudFormation.send(
      new CreateChangeSetCommand({
        ...{ StackName, ChangeSetName, TemplateBody, ChangeSetType: type },
        Capabilities: CAPABILITY_NAMED_IAM,
      }),
    );
  const describeIt = async (StackName: string, ChangeSetName: string) => {
    const {
      Status,
      StatusReason,
      ExecutionStatus,
      Changes = [],
    } = await aws.cloudFormation.send(new DescribeChangeSetCommand({ StackName, ChangeSetName }));
    const changes = Changes.map(({ ResourceChange }) => [
      ResourceChange?.Action,
      ResourceChange?.LogicalResourceId,
    ]);
    return { Status, StatusReason, ExecutionStatus, changes };
  };
  const execute = (StackName: string, ChangeSetName: string) =>
    aws.cloudFormation.send(new ExecuteChangeSetCommand({ StackName, ChangeSetName }));

  test('creates nothing until it is executed, then creates and later updates the stack', async () => {
    const first = bodyOf({ Role: roleNamed('c-role'), Gone: roleNamed('c-gone') });
    await prepare('changed', 'one', first, 'CREATE');
    expect([await stateOf('changed'), await rolesLike('c-')]).toEqual([
      { status: 'REVIEW_IN_PROGRESS', reasons: [] },
      [],
    ]);
    expect(await describeIt('changed', 'one')).toEqual({
      Status: 'CREATE_COMPLETE',
      StatusReason: undefined,
      ExecutionStatus: 'AVAILABLE',
      changes: [
        ['Add', 'Role'],
        ['Add', 'Gone'],
      ],
    });
    await execute('changed', 'one');
    expect(await stateOf('changed')).toMatchObject({ status: 'CREATE_COMPLETE' });
    const second = bodyOf({ Role: roleNamed('c-role', { Description: 'd' }), New: roleNamed('c-new') });
    await prepare('changed', 'two', second, 'UPDATE');
    expect((await describeIt('changed', 'two')).changes).toEqual([
      ['Modify', 'Role'],
      ['Add', 'New'],
      ['Remove', 'Gone'],
    ]);
    await execute('changed', 'two');
    expect(await stateOf('changed')).toMatchObject({ status: 'UPDATE_COMPLETE' });
    expect((await rolesLike('c-')).toSorted()).toEqual(['c-new', 'c-role']);
    await prepare('changed', 'three', second, 'UPDATE');
    expect(await describeIt('changed', 'three')).toEqual({
      Status: 'FAILED',
      StatusReason:
        "The submitted information didn't contain changes. Submit different information to create a change set.",
      ExecutionStatus: 'UNAVAILABLE',
      changes: [],
    });
    expect(await refusal(execute('changed', 'three'))).toMatchObject({
      status: 400,
      code: 'InvalidChangeSetStatusException',
    });
  });

  test('is refused for a stack that does not exist, that exists, or that was rolled back', async () => {
    const body = bodyOf({ Role: roleNamed('s-role') });
    expect(await refusal(prepare('nothing', 'one', body, 'UPDATE'))).toEqual({
      status: 400,
      code: 'ValidationError',
      message: 'Stack [nothing] does not exist',
    });
    await createStack('there', {
      Role: { ...roleNamed('x'), Properties: { AssumeRolePolicyDocument: trusting('lambda.amazonaws.com') } },
    });
    expect(await refusal(prepare('there', 'one', body, 'CREATE'))).toMatchObject({
      message: 'Stack [there] already exists and cannot be created again with the changeSet [one].',
    });
    await prepare('failed', 'one', bodyOf({ Role: roleNamed('partner') }), 'CREATE');
    await execute('failed', 'one');
    expect(await stateOf('failed')).toMatchObject({ status: 'ROLLBACK_COMPLETE' });
    expect((await refusal(prepare('failed', 'two', body, 'UPDATE'))).message).toMatch(
      /^Stack:arn:\S+ is in ROLLBACK_COMPLETE state and can not be updated\.$/,
    );
  });
});

describe('an operation on a stack set', () => {
  const Accounts = ['100000000001', '100000000002', '100000000003'];
  /** Fails in the second account, for which the mapping has no value. */
  const template = (accounts: readonly string[], Description: string) =>
    bodyOf(
      {
        Role: roleNamed('member', {
          Description: { 'Fn::FindInMap': ['Of', { Ref: 'AWS::AccountId' }, 'Text'] },
        }),
      },
      { Mappings: { Of: Object.fromEntries(accounts.map((id) => [id, { Text: Description }])) } },
    );
  const partial = [Accounts[0] ?? '', Accounts[2] ?? ''];
  const targets = {
    DeploymentTargets: {
      Accounts,
      AccountFilterType: 'INTERSECTION' as const,
      OrganizationalUnitIds: ['ou-1'],
    },
    Regions: ['us-east-1'],
  };
  const createSet = (StackSetName: string) =>
    aws.cloudFormation.send(
      new CreateStackSetCommand({
        ...{ StackSetName, TemplateBody: template(partial, 'first') },
        PermissionModel: 'SERVICE_MANAGED',
        AutoDeployment: { Enabled: false },
        Capabilities: CAPABILITY_NAMED_IAM,
      }),
    );
  const outcomeOf = async (StackSetName: string, OperationId = '') => {
    const operation = { StackSetName, OperationId };
    const { StackSetOperation } = await aws.cloudFormation.send(
      new DescribeStackSetOperationCommand(operation),
    );
    const { Summaries } = await aws.cloudFormation.send(new ListStackSetOperationResultsCommand(operation));
    const instances = await aws.cloudFormation.send(new ListStackInstancesCommand({ StackSetName }));
    return {
      action: StackSetOperation?.Action,
      status: StackSetOperation?.Status,
      results: Summaries?.map(({ Status }) => Status),
      reason: Summaries?.map(({ StatusReason }) => StatusReason),
      instances: instances.Summaries?.map(({ Status }) => Status),
    };
  };

  test.each<[string, object, string, readonly string[]]>([
    ['stops after the first failure by default', {}, 'FAILED', ['SUCCEEDED', 'FAILED', 'CANCELLED']],
    [
      'continues while the failures are tolerated',
      { FailureToleranceCount: 1 },
      'SUCCEEDED',
      ['SUCCEEDED', 'FAILED', 'SUCCEEDED'],
    ],
    [
      'rounds a tolerated percentage down',
      { FailureTolerancePercentage: 33 },
      'FAILED',
      ['SUCCEEDED', 'FAILED', 'CANCELLED'],
    ],
    [
      'tolerates a percentage of the accounts',
      { FailureTolerancePercentage: 34 },
      'SUCCEEDED',
      ['SUCCEEDED', 'FAILED', 'SUCCEEDED'],
    ],
  ])('%s', async (_title, OperationPreferences, status, results) => {
    const StackSetName = `set-${status}-${results.join('-')}-${Object.values(OperationPreferences).join('')}`;
    await createSet(StackSetName);
    const { OperationId } = await aws.cloudFormation.send(
      new CreateStackInstancesCommand({ StackSetName, ...targets, OperationPreferences }),
    );
    expect(await outcomeOf(StackSetName, OperationId)).toEqual({
      action: 'CREATE',
      status,
      results,
      reason: [
        undefined,
        expect.stringContaining('Unable to get mapping for Of::100000000002::Text'),
        results[2] === 'CANCELLED' ? 'Cancelled since failure tolerance has exceeded' : undefined,
      ],
      instances: results.map((result) => (result === 'SUCCEEDED' ? 'CURRENT' : 'OUTDATED')),
    });
    const update = new UpdateStackSetCommand({
      ...{ StackSetName, TemplateBody: template(Accounts, 'second') },
      Capabilities: CAPABILITY_NAMED_IAM,
    });
    const { OperationId: updated } = await aws.cloudFormation.send(update);
    expect(await outcomeOf(StackSetName, updated)).toMatchObject({
      action: 'UPDATE',
      status: 'SUCCEEDED',
      instances: ['CURRENT', 'CURRENT', 'CURRENT'],
    });
    const removeSet = () => aws.cloudFormation.send(new DeleteStackSetCommand({ StackSetName }));
    expect(await refusal(removeSet())).toMatchObject({ code: 'StackSetNotEmptyException', status: 409 });
    await aws.cloudFormation.send(
      new DeleteStackInstancesCommand({ StackSetName, ...targets, RetainStacks: false }),
    );
    await removeSet();
    expect(await refusal(outcomeOf(StackSetName, updated))).toMatchObject({
      code: 'StackSetNotFoundException',
    });
  });
});
