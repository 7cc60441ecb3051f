/**
 * What the stand-in of a service expects and answers, from the documents of its vendor. Written by hand, and not from the
 * presets of the server, which it tests.
 */
import type { Golden, Issued } from './dialect.ts';
import type { Reason } from './evaluate.ts';
import { alibaba, minio, s3Sts } from './golden-sts.ts';

const json = JSON.stringify;
const tokenExchange = 'urn:ietf:params:oauth:grant-type:token-exchange';
const jwtType = 'urn:ietf:params:oauth:token-type:jwt';

const oauth = ({ secret }: Issued): string =>
  json({
    access_token: secret,
    token_type: 'Bearer',
    expires_in: 3600,
    issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
  });

/** RFC 8693 section 2.2.2. */
const oidc: Golden = {
  name: 'oidc',
  method: 'POST',
  path: /^\/token$/,
  token: { in: 'form', parameter: 'subject_token' },
  fixed: { grant_type: tokenExchange, subject_token_type: jwtType },
  parameters: ['resource', 'scope', 'client_id'],
  type: 'application/json',
  issue: oauth,
  refuse: (reason) => [
    400,
    json(
      reason === 'request' || reason === 'parameter'
        ? { error: 'invalid_request', error_description: 'The request is invalid.' }
        : { error: 'invalid_grant', error_description: `The subject token is invalid: ${reason}.` },
    ),
  ],
};

/** What kubectl reads before it lists pods, and the list. */
const kubernetesObjects: Readonly<Record<string, object>> = {
  '/api': { kind: 'APIVersions', versions: ['v1'] },
  '/apis': { kind: 'APIGroupList', apiVersion: 'v1', groups: [] },
  '/api/v1': {
    kind: 'APIResourceList',
    groupVersion: 'v1',
    resources: [
      { name: 'pods', singularName: '', namespaced: true, kind: 'Pod', shortNames: ['po'], verbs: ['list'] },
    ],
  },
  '/api/v1/namespaces/default/pods': {
    kind: 'PodList',
    apiVersion: 'v1',
    metadata: {},
    items: [{ metadata: { name: 'web-0' } }],
  },
};

/** The API server answers 401 for every cause. */
const kubernetes: Golden = {
  name: 'kubernetes',
  method: 'GET',
  path: /^\/apis?$|^\/api\/v1(\/namespaces\/default\/pods)?$/,
  query: { timeout: /^(\d+s)?$/, limit: /^\d*$/ },
  token: { in: 'bearer' },
  type: 'application/json',
  issue: ({ path }) => json(kubernetesObjects[path]),
  refuse: () => [
    401,
    json({
      kind: 'Status',
      apiVersion: 'v1',
      status: 'Failure',
      message: 'Unauthorized',
      reason: 'Unauthorized',
      code: 401,
    }),
  ],
};

const vaultTexts: Readonly<Record<Reason, string>> = {
  malformed: 'error validating token: error verifying token signature: malformed jwt',
  issuer: 'error validating token: invalid issuer (iss) claim',
  key: 'error validating token: error verifying token signature: no known key successfully validated the token signature',
  signature: 'error validating token: error verifying token signature: failed to verify id token signature',
  expired: 'error validating token: invalid expiration time (exp) claim: token is expired',
  future: 'error validating token: invalid issued at (iat) claim: token issued in the future',
  subject: 'error validating token: invalid subject (sub) claim',
  audience:
    'error validating token: invalid audience (aud) claim: audience claim does not match any expected audience',
  claim: 'error validating claims: claim "scope" does not match any associated bound claim values',
  replayed: 'error validating token',
};

const vault: Golden = {
  name: 'vault',
  method: 'POST',
  path: /^\/v1\/auth\/sojourn\/login$/,
  token: { in: 'json', parameter: 'jwt' },
  parameters: ['role'],
  type: 'application/json',
  issue: ({ secret }) =>
    json({ auth: { client_token: secret, lease_duration: 3600, policies: ['sojourn'], renewable: true } }),
  refuse: (reason) => [
    400,
    json({
      errors: [
        reason === 'request'
          ? 'missing role'
          : reason === 'parameter'
            ? 'role "other" could not be found'
            : vaultTexts[reason],
      ],
    }),
  ],
};

const databricks: Golden = {
  name: 'databricks',
  method: 'POST',
  path: /^\/oidc\/v1\/token$/,
  token: { in: 'form', parameter: 'subject_token' },
  fixed: { grant_type: tokenExchange, subject_token_type: jwtType },
  // The scope is all-apis for the SDKs, sql for the driver.
  parameters: ['client_id', 'scope'],
  type: 'application/json',
  issue: oauth,
  refuse: () => [401, json({ message: 'Invalid credentials.' })],
};

const rabbitmq: Golden = {
  name: 'rabbitmq',
  method: 'GET',
  path: /^\/api\/whoami$/,
  token: { in: 'bearer' },
  claim: 'scope',
  checksSubject: false,
  type: 'application/json',
  issue: () => json({ name: 'vendor', tags: [] }),
  refuse: () => [401, json({ error: 'not_authorized', reason: 'Login failed' })],
};

const openai: Golden = {
  name: 'openai',
  method: 'POST',
  path: /^\/oauth\/token$/,
  token: { in: 'json', parameter: 'subject_token' },
  fixed: { grant_type: tokenExchange, subject_token_type: jwtType },
  parameters: ['identity_provider_id', 'service_account_id'],
  type: 'application/json',
  issue: oauth,
  refuse: () => [401, json({ error: 'invalid_subject_token' })],
};

const anthropic: Golden = {
  name: 'anthropic',
  method: 'POST',
  path: /^\/v1\/oauth\/token$/,
  token: { in: 'json', parameter: 'assertion' },
  fixed: { grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer' },
  headers: { 'anthropic-beta': 'oauth-2025-04-20,oidc-federation-2026-04-01' },
  parameters: ['federation_rule_id', 'organization_id', 'service_account_id', 'workspace_id'],
  singleUse: true,
  type: 'application/json',
  issue: ({ secret }) =>
    json({
      access_token: `sk-ant-oat01-${secret}`,
      token_type: 'Bearer',
      expires_in: 3600,
      scope: 'workspace:inference',
    }),
  refuse: (reason) =>
    reason === 'request' || reason === 'parameter'
      ? [
          400,
          json({
            error: {
              type: 'invalid_request_error',
              message: 'federation_rule_id is not a well-formed fdrl_ tagged ID',
            },
          }),
        ]
      : [401, json({ error: { type: 'authentication_error', message: 'Authentication failed' } })],
};

/** The codes of a refused log-in were not found in any document. */
const snowflake: Golden = {
  name: 'snowflake',
  method: 'POST',
  path: /^\/session\/v1\/login-request$/,
  token: { in: 'json', parameter: 'TOKEN', within: 'data' },
  fixed: { AUTHENTICATOR: 'WORKLOAD_IDENTITY', PROVIDER: 'OIDC' },
  parameters: ['ACCOUNT_NAME', 'LOGIN_NAME'],
  optional: ['CLIENT_APP_ID', 'CLIENT_APP_VERSION', 'CLIENT_ENVIRONMENT', 'SESSION_PARAMETERS'],
  query: { requestId: /^[\w-]*$/, request_guid: /^[\w-]*$/ },
  signOut: {
    path: '/session',
    query: 'delete=true',
    header: (secret) => `Snowflake Token="${secret}"`,
    answer: json({ code: 200, message: 'done', success: true }),
  },
  type: 'application/json',
  issue: ({ secret }) =>
    json({ data: { token: secret, validityInSeconds: 3600 }, code: null, message: null, success: true }),
  refuse: (reason) => [
    200,
    json({ data: {}, code: 'sandbox', message: `The token is refused: ${reason}.`, success: false }),
  ],
};

export const goldenServices: readonly Golden[] = [
  oidc,
  kubernetes,
  vault,
  databricks,
  rabbitmq,
  openai,
  anthropic,
  s3Sts,
  minio,
  alibaba,
  snowflake,
];
