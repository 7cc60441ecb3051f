import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { sojournFromEnv } from 'sojourn/sdk';
import { awsCredentials } from 'sojourn/sdk/aws';

const { AWS_CONNECTION = '', SANDBOX } = process.env;
const client = new STSClient({
  region: 'us-east-1',
  credentials: awsCredentials(sojournFromEnv(process.env), AWS_CONNECTION),
  ...(SANDBOX ? { endpoint: `${SANDBOX}/aws` } : {}),
});
const { Arn } = await client.send(new GetCallerIdentityCommand({}));
console.log(Arn);
