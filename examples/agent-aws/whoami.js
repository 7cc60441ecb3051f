// The AWS SDK with its own default chain: it knows nothing of Sojourn, and finds the agent by the variables alone.
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';

const { Arn } = await new STSClient().send(new GetCallerIdentityCommand());
console.log(Arn);
