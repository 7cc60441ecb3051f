/**
 * Reports the ARN of a stack's role: a Lambda function of a few lines that CloudFormation calls once (CloudFormation user
 * guide, "Custom resources"). Its role has no permissions, not even to write a log.
 */

const ref = (name: string) => ({ Ref: name });

/** No value is inserted into this source: the URL and the ARN are properties of the resource. */
// Runs in the customer's account, not in this process.
const source = `exports.handler = async (event) => {
  const { Url, RoleArn } = event.ResourceProperties;
  let outcome = 'Nothing to report.';
  if (event.RequestType !== 'Delete') {
    outcome = 'Not reported. Save RoleArn as role_arn of the connection yourself.';
    try {
      const answer = await globalThis.fetch(Url, {
        method: 'POST',
        redirect: 'error',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ role_arn: RoleArn }),
        signal: AbortSignal.timeout(10000),
      });
      if (answer.ok) outcome = 'Reported.';
      else outcome += ' The server answered with HTTP status ' + answer.status + '.';
    } catch (error) {
      outcome += ' The server did not answer.';
    }
  }
  const { StackId, RequestId, LogicalResourceId, PhysicalResourceId } = event;
  await globalThis.fetch(event.ResponseURL, {
    method: 'PUT',
    headers: { 'content-type': '' },
    body: JSON.stringify({
      Status: 'SUCCESS',
      StackId, RequestId, LogicalResourceId,
      PhysicalResourceId: PhysicalResourceId || 'report',
      Data: { Outcome: outcome },
    }),
  });
};
`;

export const reportParameter = {
  ReportBack: {
    Type: 'String',
    AllowedValues: ['true', 'false'],
    Default: 'true',
    Description:
      'Whether a small Lambda function reports the ARN of the role. Choose false if Lambda is not allowed, and send RoleArn yourself.',
  },
};

export const reportCondition = { ReportsBack: { 'Fn::Equals': [ref('ReportBack'), 'true'] } };

/** @param common properties of every role: the permissions boundary and the tags */
export const reportResources = (callback: string, common: Readonly<Record<string, unknown>>) => ({
  ReportRole: {
    Type: 'AWS::IAM::Role',
    Condition: 'ReportsBack',
    Properties: {
      Description: 'Role of the function that reports the ARN. It has no permissions.',
      AssumeRolePolicyDocument: {
        Version: '2012-10-17',
        Statement: [
          { Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: ['sts:AssumeRole'] },
        ],
      },
      ...common,
    },
  },
  ReportFunction: {
    Type: 'AWS::Lambda::Function',
    Condition: 'ReportsBack',
    Properties: {
      Description: 'Reports the ARN of the role once and has no other task.',
      Runtime: 'nodejs22.x',
      Handler: 'index.handler',
      Timeout: 30,
      Role: { 'Fn::GetAtt': ['ReportRole', 'Arn'] },
      Code: { ZipFile: source },
    },
  },
  Report: {
    Type: 'Custom::SojournReport',
    Condition: 'ReportsBack',
    Properties: {
      ServiceToken: { 'Fn::GetAtt': ['ReportFunction', 'Arn'] },
      // Without a timeout, a function that is never called would block the stack for an hour.
      ServiceTimeout: 120,
      Url: callback,
      RoleArn: { 'Fn::GetAtt': ['Role', 'Arn'] },
    },
  },
});

export const reportOutput = {
  Report: {
    Condition: 'ReportsBack',
    Description: 'Whether the ARN of the role was reported automatically.',
    Value: { 'Fn::GetAtt': ['Report', 'Outcome'] },
  },
};
