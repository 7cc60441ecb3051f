/**
 * Role chaining: the session of the first role assumes a second one, with the external id that the second role may require
 * (IAM user guide, "Access to AWS accounts owned by third parties").
 */
import { send } from '../../platform/outbound/index.ts';
import type { CloudRequest, Credentials } from '../contract/index.ts';
import { formType, parseResponse, refusalOf } from '../request.ts';
import { withRetries } from '../retry.ts';
import { endpointFor } from './endpoints.ts';
import { chainStep, explain } from './explain.ts';
import { type SessionKeys, sessionKeys } from './keys.ts';
import { domainOf } from './partitions.ts';
import type { AwsSettings } from './settings.ts';
import { sign } from './signature.ts';
import { member } from './xml.ts';

/** The parameters of AssumeRole, as in the API reference. */
export type AssumeRoleParameters = Readonly<Record<string, string>>;

export async function assumeRole(
  parameters: AssumeRoleParameters,
  { region, credentials }: { readonly region: string; readonly credentials: Credentials },
  { settings, now, signal }: CloudRequest<AwsSettings>,
): Promise<SessionKeys> {
  const url = endpointFor(region, settings) ?? `https://sts.${domainOf(region)}/`;
  const body = new URLSearchParams({ Action: chainStep, Version: '2011-06-15', ...parameters }).toString();
  const answer = await withRetries(async () => {
    const headers = await sign({
      ...{ method: 'POST', url, service: 'sts', region, body, credentials, signedAt: now() },
      headers: { 'content-type': formType },
    });
    const received = await send({ method: 'POST', url, headers, body, signal });
    if (received.status === 200) return received;
    const error = { code: member(received.body, 'Code'), message: member(received.body, 'Message') };
    throw refusalOf(received, { host: new URL(url).host, step: chainStep, error }, explain);
  }, signal);
  const keys = Object.fromEntries(
    ['AccessKeyId', 'SecretAccessKey', 'SessionToken'].map((name) => [name, member(answer.body, name)]),
  );
  const Expiration = new Date(member(answer.body, 'Expiration'));
  return parseResponse(sessionKeys, { ...keys, Expiration }, 'STS');
}
