/** A request that the credentials of a service allow, so that a client can use what the stand-in issued. */
import type { SandboxRequest } from '../contract.ts';

interface Api {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  isAllowed(headers: SandboxRequest['headers'], isIssued: (credential: string) => boolean): boolean;
  readonly answer: object;
  readonly refusal: readonly [status: number, body: object];
}

const bearer = ({ authorization = '' }: SandboxRequest['headers']): string =>
  /^Bearer (\S+)$/.exec(authorization)?.[1] ?? '';

const apis: Readonly<Record<string, Api>> = {
  vault: {
    method: 'GET',
    path: '/v1/auth/token/lookup-self',
    isAllowed: ({ 'x-vault-token': token = '' }, isIssued) => isIssued(token),
    answer: { data: { policies: ['sojourn'], renewable: true } },
    refusal: [403, { errors: ['permission denied'] }],
  },
  databricks: {
    method: 'GET',
    path: '/api/2.0/preview/scim/v2/Me',
    isAllowed: (headers, isIssued) => isIssued(bearer(headers)),
    answer: { id: '1', userName: 'sandbox', active: true },
    refusal: [401, { message: 'sandbox' }],
  },
  openai: {
    method: 'GET',
    path: '/v1/models',
    isAllowed: (headers, isIssued) => isIssued(bearer(headers)),
    answer: { object: 'list', data: [{ id: 'sandbox-model', object: 'model', owned_by: 'sandbox' }] },
    refusal: [401, { error: { message: 'sandbox', type: 'invalid_request_error' } }],
  },
  anthropic: {
    method: 'GET',
    path: '/v1/models',
    // Access tokens need the header as well.
    isAllowed: (headers, isIssued) =>
      isIssued(bearer(headers)) && (headers['anthropic-beta'] ?? '').split(',').includes('oauth-2025-04-20'),
    answer: {
      data: [{ id: 'sandbox-model', type: 'model', display_name: 'Sandbox' }],
      first_id: 'sandbox-model',
      last_id: 'sandbox-model',
      has_more: false,
    },
    refusal: [401, { error: { type: 'authentication_error', message: 'Authentication failed' } }],
  },
};

/** Status and body, or undefined if this is no request of the API. */
export function answerOfApi(
  service: string,
  { method, path, headers }: SandboxRequest,
  isIssued: (credential: string) => boolean,
): readonly [status: number, body: string] | undefined {
  const api = apis[service];
  if (!api || method !== api.method || path !== api.path) return undefined;
  const [status, body] = api.isAllowed(headers, isIssued) ? [200, api.answer] : api.refusal;
  return [status, JSON.stringify(body)];
}
