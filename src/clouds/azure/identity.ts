/**
 * Identifies an access token. Entra puts the directory and the application into its claims. If the token is for Resource
 * Manager, it must list the subscriptions; an identity without a role gets an empty list.
 */
import { z } from 'zod';
import { SojournError } from '../../platform/errors/index.ts';
import type { CloudContext, Credentials } from '../contract/index.ts';
import { joinUrl, optionalText, parseError, refusalOf, requestJson } from '../request.ts';
import { explain } from './explain.ts';
import type { AzureSettings } from './settings.ts';
import { type AzureTarget, resourceManager, sharedPrincipalFields } from './target.ts';

const path = '/subscriptions?api-version=2022-12-01';

export async function identify(
  target: AzureTarget,
  { credentials }: Credentials,
  { settings, signal }: CloudContext<AzureSettings>,
): Promise<string> {
  if (!('access_token' in credentials))
    throw new SojournError('internal', { cause: 'not Azure credentials' });
  const token = credentials.access_token;
  const identity = identityIn(token, target);
  const summary = identity
    ? `The access token is for application ${identity.appid} of directory ${identity.tid}`
    : '';
  const manager = resourceManager(target);
  if (manager === undefined)
    return identity
      ? `${summary}, according to its claims. It is not for Resource Manager, so it was not checked there.`
      : 'The access token is not for Resource Manager and cannot be read. Entra issued it to the application of the target.';
  const url = joinUrl(settings.resource_manager_endpoint ?? manager, path);
  await requestJson({
    request: {
      method: 'GET',
      url,
      headers: { accept: 'application/json', authorization: `Bearer ${token}` },
      signal,
    },
    schema: z.object({ value: z.array(z.unknown()) }),
    refusal: (answer) =>
      refusalOf(
        answer,
        { host: new URL(url).host, step: 'subscriptions', error: parseError(armError, answer)?.error },
        explain,
      ),
  });
  return `${summary || 'The access token is valid'}, and Resource Manager accepts it.`;
}

/**
 * The identity in the claims of the token; undefined if they cannot be read, as in an encrypted token.
 *
 * @throws {SojournError} `cloud_identity_mismatch` if it is not the identity of the target, or cannot be read although all
 * customers share the application
 */
export function identityIn(token: string, target: AzureTarget): Identity | undefined {
  const { tenant_id, client_id } = target;
  const identity = read(token);
  const isShared = sharedPrincipalFields(target).length > 0;
  if (identity ? isSame(identity.tid, tenant_id) && isSame(identity.appid, client_id) : !isShared)
    return identity;
  throw new SojournError('cloud_identity_mismatch', {
    detail: identity
      ? `The access token is for application ${identity.appid} of directory ${identity.tid}, but the connection names ${client_id} of ${tenant_id}.`
      : 'The access token cannot be read, so it does not show whose directory it is for.',
  });
}

const isSame = (claim: string, field: string | undefined): boolean => claim.toLowerCase() === field;

/** Version 2 of these tokens has `azp` instead of `appid` (learn.microsoft.com/entra/identity-platform/access-token-claims-reference). */
const claims = z
  .object({
    tid: z.string().max(64),
    appid: z.string().max(64).optional(),
    azp: z.string().max(64).optional(),
  })
  .transform(({ tid, appid, azp }) => ({ tid, appid: appid ?? azp ?? '' }));

type Identity = z.output<typeof claims>;

/** The signature is not verified: the token came directly from Entra over TLS (OpenID Connect Core section 3.1.3.7). */
function read(token: string): Identity | undefined {
  try {
    const [, payload = ''] = token.split('.');
    return claims.safeParse(JSON.parse(Buffer.from(payload, 'base64url').toString())).data;
  } catch {
    return undefined;
  }
}

const armError = z.object({ error: z.object({ code: optionalText, message: optionalText }) });
