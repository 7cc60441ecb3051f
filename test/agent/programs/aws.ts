/** A program that knows nothing of us: the AWS SDK with its own default chain. It writes who it is, or why it is nobody. */
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';

try {
  const { Arn } = await new STSClient({ maxAttempts: 1 }).send(new GetCallerIdentityCommand({}));
  process.stdout.write(Arn ?? '');
} catch (error) {
  const { name, message, Code, Message } = error as Error & { Code?: string; Message?: string };
  process.stdout.write(JSON.stringify({ name, message, Code, Message }));
}
