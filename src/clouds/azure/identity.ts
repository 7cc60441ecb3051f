/**
 * Whose access token it is: Entra writes the directory and the application into it, and Resource Manager, where the token
 * is for it, lists subscriptions to whoever it knows, to an identity without any role an empty list.
 */
import { z } from 'zod';
import { SojournError } from '../../platform/errors/index.ts';
import type { OutboundResponse } from '../../platform/outbound/index.ts';
import { joinUrl, optionalText, parseError, refusalHead, requestJson } from '../ask.ts';
import type { CloudContext, Credentials } from '../contract.ts';
import { explain } from './explain.ts';
import { type AzureTarget, resourceManager } from './target.ts';

const path = '/subscriptions?api-version=2022-12-01';

export async function identify(
  target: AzureTarget,
  { credentials }: Credentials,
  { endpoints, signal }: CloudContext,
): Promise<string> {
  if (!('access_token' in credentials)) throw new SojournError('internal', { cause: 'no pass of Azure' });
  const token = credentials.access_token;
  const named = read(token);
  if (named && (named.tid !== target.tenant_id || named.appid !== target.client_id))
    throw new SojournError('cloud_identity_mismatch', {
      detail: `The access token is for application ${named.appid} of directory ${named.tid}, and the connection names ${target.client_id} of ${target.tenant_id}.`,
    });
  const words = named ? `The access token is for application ${named.appid} of directory ${named.tid}` : '';
  const manager = resourceManager(target);
  if (manager === undefined)
    return named
      ? `${words}, as Entra wrote into it; it is not for Resource Manager, so nobody else was asked.`
      : 'The access token is not for Resource Manager and cannot be read; Entra gave it to the application that target names.';
  await requestJson({
    request: {
      method: 'GET',
      url: joinUrl(endpoints.azure.resource_manager_endpoint ?? manager, path),
      headers: { accept: 'application/json', authorization: `Bearer ${token}` },
      signal,
    },
    schema: z.object({ value: z.array(z.unknown()) }),
    refusal,
  });
  return `${words || 'The access token is good'}, and Resource Manager takes it.`;
}

/** `azp` in the second version of these tokens (learn.microsoft.com/entra/identity-platform/access-token-claims-reference). */
const claims = z
  .object({
    tid: z.string().max(64),
    appid: z.string().max(64).optional(),
    azp: z.string().max(64).optional(),
  })
  .transform(({ tid, appid, azp }) => ({ tid, appid: appid ?? azp ?? '' }));

/** It came from Entra itself over TLS, so its signature adds nothing (OpenID Connect Core section 3.1.3.7). */
function read(token: string): z.output<typeof claims> | undefined {
  try {
    const [, payload = ''] = token.split('.');
    return claims.safeParse(JSON.parse(Buffer.from(payload, 'base64url').toString())).data;
  } catch {
    return undefined;
  }
}

const armError = z.object({ error: z.object({ code: optionalText, message: optionalText }) });

function refusal(answer: OutboundResponse): SojournError {
  const { code = '', message = '' } = parseError(armError, answer).error ?? {};
  return explain({ ...refusalHead(answer), step: 'subscriptions', code, message });
}
