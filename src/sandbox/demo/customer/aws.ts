/** The customer's AWS administrator, who only applies the CloudFormation template. */
import { XMLParser } from 'fast-xml-parser';
import { call } from '../http.ts';

export const account = '111122223333';

/** Returns the stack's outputs. */
export async function applyTemplate(aws: string, template: string): Promise<Record<string, string>> {
  await query(aws, {
    Action: 'CreateStack',
    StackName: 'sojourn',
    TemplateBody: template,
    'Capabilities.member.1': 'CAPABILITY_NAMED_IAM',
  });
  const described = await query(aws, { Action: 'DescribeStacks', StackName: 'sojourn' });
  const stack = described.DescribeStacksResponse.DescribeStacksResult.Stacks.member[0];
  if (stack?.StackStatus !== 'CREATE_COMPLETE') throw new Error(`the stack ended as ${stack?.StackStatus}`);
  return Object.fromEntries(stack.Outputs.member.map((output) => [output.OutputKey, output.OutputValue]));
}

interface DescribeStacksResult {
  readonly DescribeStacksResponse: {
    readonly DescribeStacksResult: {
      readonly Stacks: {
        readonly member: readonly {
          readonly StackStatus: string;
          readonly Outputs: {
            readonly member: readonly { readonly OutputKey: string; readonly OutputValue: string }[];
          };
        }[];
      };
    };
  };
}

const parser = new XMLParser({ isArray: (name) => name === 'member', parseTagValue: false });

async function query(aws: string, parameters: Record<string, string>): Promise<DescribeStacksResult> {
  const { status, body } = await call({
    method: 'POST',
    url: `${aws}/`,
    headers: {
      // The sandbox treats a 12-digit access key id as the account's administrator and ignores the signature.
      authorization: `AWS4-HMAC-SHA256 Credential=${account}/20260101/us-east-1/cloudformation/aws4_request, SignedHeaders=host;x-amz-date, Signature=${'0'.repeat(64)}`,
      'x-amz-date': '20260101T000000Z',
    },
    body: new URLSearchParams({ ...parameters, Version: '2010-05-15' }),
  });
  if (status !== 200) throw new Error(`${parameters.Action} answered ${status}: ${body}`);
  return parser.parse(body) as DescribeStacksResult;
}
