/** Identifies a session with sts:GetCallerIdentity, which no policy can deny (STS API reference, GetCallerIdentity). */
import { SojournError } from '../../platform/errors/index.ts';
import { send } from '../../platform/outbound/index.ts';
import type { CloudContext, Credentials } from '../contract/index.ts';
import { formType, refusalOf } from '../request.ts';
import { withRetries } from '../retry.ts';
import { endpointFor } from './endpoints.ts';
import { explain } from './explain.ts';
import { accountOf, domainOf } from './partitions.ts';
import type { AwsSettings } from './settings.ts';
import { sign } from './signature.ts';
import { type AwsTarget, lastRoleOf } from './target.ts';
import { member } from './xml.ts';

const body = 'Action=GetCallerIdentity&Version=2011-06-15';

export async function identify(
  target: AwsTarget,
  credentials: Credentials,
  { settings, now, signal }: CloudContext<AwsSettings>,
): Promise<string> {
  const { region = '' } = target;
  const role_arn = lastRoleOf(target) ?? '';
  const url = endpointFor(region, settings) ?? `https://sts.${domainOf(region)}/`;
  const answer = await withRetries(async () => {
    const headers = await sign({
      ...{ method: 'POST', url, service: 'sts', region, body, credentials, signedAt: now() },
      headers: { 'content-type': formType },
    });
    const received = await send({ method: 'POST', url, headers, body, signal });
    if (received.status === 200) return received;
    const error = { code: member(received.body, 'Code'), message: member(received.body, 'Message') };
    throw refusalOf(received, { host: new URL(url).host, step: 'GetCallerIdentity', error }, explain);
  }, signal);
  const arn = member(answer.body, 'Arn');
  const account = accountOf(role_arn);
  const name = role_arn.slice(role_arn.lastIndexOf('/') + 1);
  if (!arn.includes(`::${account}:assumed-role/${name}/`))
    throw new SojournError('cloud_identity_mismatch', {
      detail: `STS reports the session ${arn || 'without an ARN'}, but the connection names ${role_arn}.`,
    });
  return `STS reports the session ${arn}.`;
}
