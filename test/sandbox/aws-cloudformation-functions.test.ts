/** Functions, mappings and stack sets in the sandbox's CloudFormation. */
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
