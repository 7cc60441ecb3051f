/** A call to STS that is signed with the credentials of a session. */
import { type OutboundResponse, send } from '../../platform/outbound/index.ts';
import type { CloudContext, Credentials } from '../contract/index.ts';
import { formType, refusalOf } from '../request.ts';
import { withRetries } from '../retry.ts';
import { endpointFor } from './endpoints.ts';
import { explain } from './explain.ts';
import { domainOf } from './partitions.ts';
import type { AwsSettings } from './settings.ts';
import { sign } from './signature.ts';
import { member } from './xml.ts';

/**
 * The answer with status 200; transient refusals are retried.
 * @param action and its parameters, as in the STS API reference
 * @throws {SojournError} `cloud_…`
 */
export function callSts(
  action: string,
  parameters: Readonly<Record<string, string>>,
  { region, credentials }: { readonly region: string; readonly credentials: Credentials },
  { settings, now, signal }: CloudContext<AwsSettings>,
): Promise<OutboundResponse> {
  const url = endpointFor(region, settings) ?? `https://sts.${domainOf(region)}/`;
  const body = new URLSearchParams({ Action: action, Version: '2011-06-15', ...parameters }).toString();
  return withRetries(async () => {
    const headers = await sign({
      ...{ method: 'POST', url, service: 'sts', region, body, credentials, signedAt: now() },
      headers: { 'content-type': formType },
    });
    const received = await send({ method: 'POST', url, headers, body, signal });
    if (received.status === 200) return received;
    const error = { code: member(received.body, 'Code'), message: member(received.body, 'Message') };
    throw refusalOf(received, { host: new URL(url).host, step: action, error }, explain);
  }, signal);
}
