import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { DefaultAzureCredential } from '@azure/identity';
import { GoogleAuth } from 'google-auth-library';

const { SANDBOX } = process.env;
const sts = new STSClient({ region: 'us-east-1', ...(SANDBOX ? { endpoint: `${SANDBOX}/aws` } : {}) });
console.log((await sts.send(new GetCallerIdentityCommand({}))).Arn);
const { expiresOnTimestamp } = await new DefaultAzureCredential().getToken(
  'https://management.azure.com/.default',
);
console.log(`Azure until ${new Date(expiresOnTimestamp).toISOString()}`);
const google = new GoogleAuth({ scopes: 'https://www.googleapis.com/auth/cloud-platform' });
const { token } = await (await google.getClient()).getAccessToken();
console.log(`Google ${token ? 'has a token' : 'has none'}`);
