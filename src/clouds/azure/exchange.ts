/** Exchanges the token for an access token: client credentials with a client assertion (RFC 7523 section 2.2). */
import { z } from 'zod';
import { SojournError } from '../../platform/errors/index.ts';
import type { OutboundResponse } from '../../platform/outbound/index.ts';
import type { CloudRequest, Credentials } from '../contract/index.ts';
import { formType, joinUrl, optionalText, parseError, refusalOf, requestJson } from '../request.ts';
import { explain } from './explain.ts';
import { identityIn } from './identity.ts';
import type { AzureSettings } from './settings.ts';
import { type AzureTarget, authority } from './target.ts';

const tokenAnswer = z.object({
  access_token: z.string().min(1),
  token_type: z.string().regex(/^bearer$/i),
  expires_in: z.number().positive(),
});

const errorAnswer = z.object({
  error: optionalText,
  error_description: optionalText,
  error_codes: z.array(z.number()).catch([]),
});

/** @throws {SojournError} `cloud_…`, or `connection_incomplete` while the identity is unknown. */
export async function exchange(
  target: AzureTarget,
  request: CloudRequest<AzureSettings>,
): Promise<Credentials> {
  const { tenant_id, client_id, scope } = target;
  if (!tenant_id || !client_id) throw new SojournError('connection_incomplete');
  const base = request.settings.authority_host ?? authority(target);
  const { token } = await request.sign();
  const requestedAt = request.now();
  const { access_token, expires_in } = await requestJson({
    request: {
      method: 'POST',
      url: joinUrl(base, `/${tenant_id}/oauth2/v2.0/token`),
      headers: { accept: 'application/json', 'content-type': formType },
      body: new URLSearchParams({
        client_id,
        scope,
        grant_type: 'client_credentials',
        client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
        client_assertion: token,
      }).toString(),
      signal: request.signal,
    },
    schema: tokenAnswer,
    refusal: refusalAt(new URL(base).host),
  });
  identityIn(access_token, target);
  return { expiresAt: requestedAt + expires_in * 1000, credentials: { access_token, token_type: 'Bearer' } };
}

/** The error number is in `error_codes`, or only in the description in versions without that list. */
const refusalAt =
  (host: string) =>
  (answer: OutboundResponse): SojournError => {
    const { error = '', error_description = '', error_codes = [] } = parseError(errorAnswer, answer) ?? {};
    const number = error_codes[0]?.toString() ?? /^AADSTS(\d+)/.exec(error_description)?.[1];
    // Entra always describes its errors; a proxy can send an `error` too.
    const described =
      error_description === '' ? undefined : { code: number ?? error, message: error_description };
    return refusalOf(answer, { host, step: 'token', error: described }, explain);
  };
