/** Identifies a session with sts:GetCallerIdentity, which no policy can deny (STS API reference, GetCallerIdentity). */
import { SojournError } from '../../platform/errors/index.ts';
import type { CloudContext, Credentials } from '../contract/index.ts';
import { accountOf } from './partitions.ts';
import type { AwsSettings } from './settings.ts';
import { callSts } from './signed-call.ts';
import { type AwsTarget, lastRoleOf } from './target.ts';
import { member } from './xml.ts';

export async function identify(
  target: AwsTarget,
  credentials: Credentials,
  context: CloudContext<AwsSettings>,
): Promise<string> {
  const { region = '' } = target;
  const role_arn = lastRoleOf(target) ?? '';
  const { body } = await callSts('GetCallerIdentity', {}, { region, credentials }, context);
  const arn = member(body, 'Arn');
  const account = accountOf(role_arn);
  const name = role_arn.slice(role_arn.lastIndexOf('/') + 1);
  if (!arn.includes(`::${account}:assumed-role/${name}/`))
    throw new SojournError('cloud_identity_mismatch', {
      detail: `STS reports the session ${arn || 'without an ARN'}, but the connection names ${role_arn}.`,
    });
  return `STS reports the session ${arn}.`;
}
