/** Whose session it is: sts:GetCallerIdentity, which no policy can take away (STS API reference, GetCallerIdentity). */
import { SojournError } from '../../platform/errors/index.ts';
import { send } from '../../platform/outbound/index.ts';
import { formType, refusalHead } from '../ask.ts';
import type { CloudContext, Credentials } from '../contract.ts';
import { withRetries } from '../retry.ts';
import { explain } from './explain.ts';
import { domainOf } from './partitions.ts';
import { signed } from './signature.ts';
import type { AwsTarget } from './target.ts';

const body = 'Action=GetCallerIdentity&Version=2011-06-15';

export async function identify(
  { role_arn = '', region = '' }: AwsTarget,
  pass: Credentials,
  { endpoints, now, signal }: CloudContext,
): Promise<string> {
  const url = endpoints.aws.sts_endpoint ?? `https://sts.${domainOf(region)}/`;
  const answer = await withRetries(async () => {
    const headers = await signed({
      ...{ method: 'POST', url, service: 'sts', region, body, pass, at: now() },
      headers: { 'content-type': formType },
    });
    const given = await send({ method: 'POST', url, headers, body, signal });
    if (given.status === 200) return given;
    const [code, message] = [member(given.body, 'Code'), member(given.body, 'Message')];
    throw explain({ ...refusalHead(given), step: 'GetCallerIdentity', code, message });
  }, signal);
  const arn = member(answer.body, 'Arn');
  const account = role_arn.split(':')[4];
  const name = role_arn.slice(role_arn.lastIndexOf('/') + 1);
  if (!arn.includes(`::${account}:assumed-role/${name}/`))
    throw new SojournError('cloud_identity_mismatch', {
      detail: `STS says that the session is ${arn || 'nobody'}, and the connection names ${role_arn}.`,
    });
  return `STS says that the session is ${arn}.`;
}

const member = (xml: string, name: string): string =>
  new RegExp(`<${name}>([^<]{0,2100})</${name}>`).exec(xml)?.[1]?.trim() ?? '';
