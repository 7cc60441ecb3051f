/** Exchanges the token for a federated one (RFC 8693), and that for a token of the service account if there is one. */
import { z } from 'zod';
import type { SojournError } from '../../platform/errors/index.ts';
import type { OutboundResponse } from '../../platform/outbound/index.ts';
import type { CloudRequest, Credentials } from '../contract/index.ts';
import { formType, joinUrl, optionalText, parseError, refusalOf, requestJson } from '../request.ts';
import { explain, steps } from './explain.ts';
import type { GcpSettings } from './settings.ts';
import { apiOf, exchangeAudience, type GcpTarget, impersonationScope } from './target.ts';

/** Google omits `expires_in` if the token is about to expire; such a response is rejected as unusable. */
const federatedAnswer = z.object({
  access_token: z.string().min(1),
  token_type: z.string().regex(/^bearer$/i),
  expires_in: z.number().positive(),
});

const accountAnswer = z.object({
  accessToken: z.string().min(1),
  expireTime: z.string().transform(Date.parse).pipe(z.number()),
});

/** STS answers in the OAuth format; IAM Credentials and the front end use Google's own format. */
const errorAnswer = z.object({
  error: z.union([z.string(), z.object({ status: optionalText, message: optionalText })]),
  error_description: optionalText,
});

/** @throws {SojournError} `cloud_…` */
export async function exchange(target: GcpTarget, request: CloudRequest<GcpSettings>): Promise<Credentials> {
  const { service_account } = target;
  const federated = await exchangeToken(target, request);
  return service_account ? impersonate(target, service_account, federated, request) : federated;
}

type BearerCredentials = Credentials & { readonly credentials: { readonly access_token: string } };

async function exchangeToken(
  target: GcpTarget,
  request: CloudRequest<GcpSettings>,
): Promise<BearerCredentials> {
  const { token } = await request.sign();
  const requestedAt = request.now();
  const url = joinUrl(request.settings.sts_endpoint ?? apiOf('sts', target), '/v1/token');
  const { access_token, expires_in } = await requestJson({
    request: {
      method: 'POST',
      url,
      headers: { accept: 'application/json', 'content-type': formType },
      body: new URLSearchParams({
        grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
        audience: exchangeAudience(target),
        scope: target.service_account ? impersonationScope : target.scopes.join(' '),
        requested_token_type: 'urn:ietf:params:oauth:token-type:access_token',
        subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
        subject_token: token,
      }).toString(),
      signal: request.signal,
    },
    schema: federatedAnswer,
    refusal: refusalAt(steps.exchange, url),
  });
  return bearer(access_token, requestedAt + expires_in * 1000, target);
}

async function impersonate(
  target: GcpTarget,
  account: string,
  federated: BearerCredentials,
  { settings, signal, notAfter, now }: CloudRequest<GcpSettings>,
): Promise<Credentials> {
  const { scopes, lifetime_seconds } = target;
  const left = notAfter === undefined ? Number.POSITIVE_INFINITY : Math.floor((notAfter - now()) / 1000);
  const lifetime = Math.max(1, Math.min(Number(lifetime_seconds), left));
  const base = settings.iam_credentials_endpoint ?? apiOf('iamcredentials', target);
  const url = joinUrl(base, `/v1/projects/-/serviceAccounts/${account}:generateAccessToken`);
  const { accessToken, expireTime } = await requestJson({
    request: {
      method: 'POST',
      url,
      headers: {
        accept: 'application/json',
        authorization: `Bearer ${federated.credentials.access_token}`,
        'content-type': 'application/json',
      },
      body: JSON.stringify({ scope: scopes, lifetime: `${lifetime}s` }),
      signal,
    },
    schema: accountAnswer,
    refusal: refusalAt(steps.impersonation, url),
  });
  return bearer(accessToken, expireTime, target);
}

const refusalAt =
  (step: string, url: string) =>
  (answer: OutboundResponse): SojournError => {
    const { error = '', error_description = '' } = parseError(errorAnswer, answer) ?? {};
    const [code, message] =
      typeof error === 'string' ? [error, error_description] : [error.status, error.message];
    // Google always describes its errors; a proxy can send an `error` too.
    const described = message === '' ? undefined : { code, message };
    return refusalOf(answer, { host: new URL(url).host, step, error: described }, explain);
  };

const bearer = (
  access_token: string,
  expiresAt: number,
  { project_number, universe_domain }: GcpTarget,
): BearerCredentials => ({
  expiresAt,
  credentials: {
    access_token,
    token_type: 'Bearer',
    project_number,
    ...(universe_domain === undefined ? {} : { universe_domain }),
  },
});
