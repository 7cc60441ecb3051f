/**
 * How a stack tells the ARN of its role by itself: a function of a few lines that CloudFormation calls once
 * (CloudFormation user guide, "Custom resources"). Its role may do nothing at all, not even write a log.
 */

const ref = (name: string) => ({ Ref: name });

/** Nothing is pasted into this text: what it sends and where to are properties of the resource. */
// Runs in the customer's account, not in this process.
const source = `exports.handler = async (event) => {
  const { Url, RoleArn } = event.ResourceProperties;
  let outcome = 'Nothing was to be reported.';
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
      else outcome += ' The answer was HTTP ' + answer.status + '.';
    } catch (error) {
      outcome += ' There was no answer.';
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
      'Whether a small function tells the ARN of the role by itself. Choose false where Lambda is not allowed, and send RoleArn yourself.',
  },
};

export const reportCondition = { ReportsBack: { 'Fn::Equals': [ref('ReportBack'), 'true'] } };

/** @param common properties of every role: the permissions boundary and the tags */
export const reportResources = (callback: string, common: Readonly<Record<string, unknown>>) => ({
  ReportRole: {
    Type: 'AWS::IAM::Role',
    Condition: 'ReportsBack',
    Properties: {
      Description: 'Of the function that reports the ARN of the role. It may do nothing.',
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
      Description: 'Reports the ARN of the role once, then has nothing more to do.',
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
      // Without it a function that was never called would keep the stack waiting for an hour.
      ServiceTimeout: 120,
      Url: callback,
      RoleArn: { 'Fn::GetAtt': ['Role', 'Arn'] },
    },
  },
});

export const reportOutput = {
  Report: {
    Condition: 'ReportsBack',
    Description: 'Whether the ARN of the role was reported by itself.',
    Value: { 'Fn::GetAtt': ['Report', 'Outcome'] },
  },
};
