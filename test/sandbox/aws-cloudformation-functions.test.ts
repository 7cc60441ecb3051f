/** What the sandbox's CloudFormation does with functions, mappings and stack sets, and what it refuses. */
import {
  CreateStackCommand,
  DescribeStackEventsCommand,
  DescribeStacksCommand,
} from '@aws-sdk/client-cloudformation';
import { PutRolePermissionsBoundaryCommand } from '@aws-sdk/client-iam';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type AwsSandbox, account, refusal, startAwsSandbox } from '../support/aws-sandbox.ts';

let aws: AwsSandbox;
beforeAll(async () => {
  aws = await startAwsSandbox();
});
afterAll(() => aws.close());

const trusting = (service: string) => ({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: { Service: service }, Action: 'sts:AssumeRole' }],
});

/** A stack of one function and one resource that calls it; `body` is the handler's. */
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

async function make(name: string, Resources: object, more: object = {}) {
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

describe('a custom resource', () => {
  test('is told what it is, gets numbers as text, and what it answers can be read', async () => {
    const body = answering(
      'Data: { Saw: [event.RequestType, event.ResourceType, event.ResourceProperties.Number].map((x) => typeof x + x).join() }',
    );
    expect(await make('told', calling(body), output('Saw'))).toMatchObject({
      status: 'CREATE_COMPLETE',
      outputs: ['stringCreate,stringCustom::Called,string1'],
    });
  });

  test('is made by code that reads no file, starts no program and sees no environment', async () => {
    const tries = [
      "() => require('fs').readFileSync('/etc/passwd')",
      "() => require('child_process').execSync('id')",
    ];
    const body = `
      const tried = [${tries.join()}].map((f) => { try { f(); return 'did'; } catch (error) { return error.code; } });
      ${answering('Data: { Saw: [...tried, Object.keys(process.env).length].join() }')}`;
    expect(await make('closed', calling(body), output('Saw'))).toMatchObject({
      outputs: ['ERR_ACCESS_DENIED,ERR_ACCESS_DENIED,0'],
    });
  });

  const refused: [string, ReturnType<typeof calling>, string, string][] = [
    ['silent', calling(''), 'Called', 'did not receive a response'],
    ['broken', calling('throw new Error("x")'), 'Called', 'did not receive a response'],
    [
      'garbled',
      calling(
        "await fetch(event.ResponseURL, { method: 'PUT', headers: { 'content-type': '' }, body: '{' });",
      ),
      'Called',
      'did not receive a response',
    ],
    ['failing', calling(answering("Status: 'FAILED', Reason: 'no luck'")), 'Called', 'no luck'],
    ['strange', calling(answering("RequestId: 'x'")), 'Called', 'Invalid response'],
    ['foreign', calling('', { service: 'ec2.amazonaws.com' }), 'Function', 'cannot be assumed by Lambda'],
    ['misnamed', calling('', { handler: 'other.handler' }), 'Function', 'Handler'],
  ];
  test.each(refused)('that is %s takes its stack down', async (name, resources, failed, reason) => {
    expect(await make(name, resources)).toEqual({
      status: 'ROLLBACK_COMPLETE',
      outputs: [],
      failed,
      reason: expect.stringContaining(reason),
    });
  });
});

test('a mapping gives what stands for the account, and takes the stack down where nothing does', async () => {
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
  expect(await make('mapped', role, found)).toMatchObject({ status: 'CREATE_COMPLETE' });
  expect(await make('unmapped', role, { Mappings: { Of: { '999999999999': { Text: 'x' } } } })).toMatchObject(
    {
      status: 'ROLLBACK_COMPLETE',
      reason: expect.stringContaining(`Unable to get mapping for Of::${account}::Text`),
    },
  );
});

test('a permissions boundary that is not there is refused', async () => {
  const arn = `arn:aws:iam::${account}:policy/nothing`;
  expect(
    await refusal(
      aws.iam.send(new PutRolePermissionsBoundaryCommand({ RoleName: 'partner', PermissionsBoundary: arn })),
    ),
  ).toMatchObject({ status: 404, message: `Scope ARN: ${arn} does not exist or is not attachable.` });
});
