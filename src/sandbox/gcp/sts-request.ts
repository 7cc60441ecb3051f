/** The request of `POST /v1/token`: RFC 8693 as a form, or as JSON with camelCase names. */
import type { SandboxRequest, SandboxResponse } from '../contract.ts';
import { parseInput, textOf } from './input.ts';
import { stsError } from './responses.ts';

export interface StsRequest {
  /** `projects/NUMBER/locations/global/workloadIdentityPools/POOL` and `/providers/PROVIDER` below it. */
  readonly pool: string;
  readonly provider: string;
  readonly subjectToken: string;
  readonly scopes: readonly string[];
}

export type StsOutcome<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly answer: SandboxResponse };

export const stsRefuse = (
  error: string,
  description: string,
): { readonly ok: false; readonly answer: SandboxResponse } => ({
  ok: false,
  answer: stsError(error, description),
});

const prefix = 'urn:ietf:params:oauth';
const subjectTypes = [`${prefix}:token-type:jwt`, `${prefix}:token-type:id_token`];

const camel = (name: string) => name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());

export function readStsRequest(request: SandboxRequest): StsOutcome<StsRequest> {
  // RFC 6749 allows client authentication here; this endpoint accepts only the subject token as a credential.
  if (request.headers.authorization)
    return stsRefuse('invalid_request', 'The Authorization header is not supported for this request.');
  const json = request.headers['content-type']?.startsWith('application/json')
    ? parseInput(request.body)
    : undefined;
  const form = new URLSearchParams(json ? '' : request.body.toString());
  const read = (name: string) => (json ? textOf(json[camel(name)] ?? json[name]) : (form.get(name) ?? ''));

  const grantType = read('grant_type');
  if (grantType !== `${prefix}:grant-type:token-exchange`)
    return stsRefuse(
      grantType ? 'unsupported_grant_type' : 'invalid_request',
      `Invalid value for "grant_type".`,
    );
  const [, pool, provider] =
    /^\/\/iam\.googleapis\.com\/(projects\/\d+\/locations\/global\/workloadIdentityPools\/[^/]+)\/providers\/([^/]+)$/.exec(
      read('audience'),
    ) ?? [];
  if (!pool || !provider)
    return stsRefuse(
      'invalid_request',
      'Invalid value for "audience". This value should be the full resource name of the Identity Provider. See https://cloud.google.com/iam/docs/reference/sts/rest/v1/TopLevel/token for the list of possible formats.',
    );
  if (read('requested_token_type') !== `${prefix}:token-type:access_token`)
    return stsRefuse('invalid_request', 'Invalid value for "requested_token_type".');
  if (!subjectTypes.includes(read('subject_token_type')))
    return stsRefuse('invalid_request', 'Invalid value for "subject_token_type".');
  if (!read('subject_token')) return stsRefuse('invalid_request', 'Invalid value for "subject_token".');
  const scopes = read('scope').split(' ').filter(Boolean);
  if (scopes.length === 0) return stsRefuse('invalid_scope', 'Scope(s) must be provided.');
  return {
    ok: true,
    value: { pool, provider: `${pool}/providers/${provider}`, subjectToken: read('subject_token'), scopes },
  };
}
