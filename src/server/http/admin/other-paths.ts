/** OpenAPI descriptions of paths outside the admin API: health checks, metrics and the public listener. */
import { clouds } from '../../../clouds/index.ts';
import { credentialsFormats } from '../../../tokens/formats/index.ts';

const text = { type: 'string' } as const;
const json = (description: string, schema: object = { type: 'object' }) => ({
  description,
  content: { 'application/json': { schema } },
});
const refusal = {
  description: 'Refused; see `code`.',
  content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
};

const issuer = {
  servers: [
    {
      url: '{issuer}',
      description: 'The public listener',
      variables: { issuer: { default: 'https://id.example.com' } },
    },
  ],
};
const connectionId = { name: 'id', in: 'path', required: true, schema: text };

const fixedDocument = (operationId: string, summary: string) => ({
  ...issuer,
  get: { operationId, summary, tags: ['issuer'], security: [], responses: { 200: json(summary) } },
});

const monitoringPath = (operationId: string, summary: string, responses: object) => ({
  get: { operationId, summary, tags: ['monitoring'], security: [], responses },
});

const form = {
  type: 'object',
  required: ['grant_type'],
  properties: {
    grant_type: { enum: ['client_credentials', 'urn:ietf:params:oauth:grant-type:token-exchange'] },
    resource: {
      ...text,
      description:
        '`urn:sojourn:connection:ID` for a cloud token, or `urn:sojourn:api` for an API token (for /v1). A client that may use only one connection can omit it.',
    },
    audience: { ...text, description: 'Optional; must equal the audience of the connection.' },
    client_id: text,
    client_secret: text,
    client_assertion_type: {
      enum: [
        'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
        'urn:ietf:params:oauth:client-assertion-type:jwt-spiffe',
      ],
    },
    client_assertion: {
      ...text,
      description: 'A JWT signed by the client, or the token of a federated client from its own issuer.',
    },
    subject_token: {
      ...text,
      description: 'The token of a federated client, for a token exchange (RFC 8693).',
    },
    subject_token_type: {
      enum: ['urn:ietf:params:oauth:token-type:jwt', 'urn:ietf:params:oauth:token-type:id_token'],
    },
    requested_token_type: {
      enum: ['urn:ietf:params:oauth:token-type:access_token', 'urn:ietf:params:oauth:token-type:jwt'],
    },
  },
};

const bearerToken = {
  type: 'object',
  required: ['access_token', 'token_type', 'expires_in'],
  properties: {
    access_token: text,
    token_type: { const: 'Bearer' },
    expires_in: { type: 'integer' },
    issued_token_type: { ...text, description: 'Only after a token exchange.' },
  },
};

const oauthError = {
  type: 'object',
  required: ['error'],
  properties: { error: text, error_description: text },
};

const invitation = { name: 'invitation', in: 'path', required: true, schema: text };
const page = (description: string) => ({ description, content: { 'text/html': { schema: text } } });
const noInvitation = page('Unknown, expired or revoked invitation; the answer is the same for all three');

const customer = (operationId: string, summary: string, responses: object, more: object = {}) => ({
  operationId,
  summary,
  tags: ['customer'],
  security: [],
  parameters: [invitation],
  responses: { ...responses, 404: noInvitation },
  ...more,
});

/** A button on the page. */
const button = (operationId: string, summary: string) => ({
  ...issuer,
  post: customer(operationId, summary, {
    303: { description: 'Done; redirects to the page' },
    default: page('Refused; the page shows the reason'),
  }),
});

const report = {
  type: 'object',
  description: 'The fields of one cloud.',
  properties: Object.fromEntries(
    Object.values(clouds).flatMap((cloud) =>
      (cloud?.setUp?.guide.reportFields ?? []).map(({ name, label, example }) => [
        name,
        { ...text, description: `${cloud?.setUp?.guide.title}: ${label}`, example },
      ]),
    ),
  ),
};

const credentials = (operationId: string) => ({
  operationId,
  summary: 'Fetch credentials of the connection’s cloud',
  tags: ['credentials'],
  security: [{ api_token: [] }],
  parameters: [
    connectionId,
    {
      name: 'format',
      in: 'query',
      schema: { enum: credentialsFormats, default: 'json' },
    },
    {
      name: 'purpose',
      in: 'query',
      description: 'A purpose of the connection; optional if the client may use only one.',
      schema: text,
    },
  ],
  responses: {
    200: {
      description: 'Credentials in the requested format',
      content: { 'application/json': { schema: { type: 'object' } }, 'text/plain': { schema: text } },
    },
    default: refusal,
  },
});

const readiness = {
  200: json('Ready; with the detail of every check'),
  503: json('Not ready; with the detail of every check'),
};

export const otherPaths = {
  '/healthz': monitoringPath('isAlive', 'Check that the process is running', {
    200: json('The process is running'),
  }),
  '/readyz': monitoringPath(
    'isReady',
    'Check that tokens can be issued now. The public listener answers it too, without the checks',
    readiness,
  ),
  '/readyz/documents': monitoringPath(
    'areDocumentsReady',
    'Check that discovery and JWKS can be served, also while the store is down. The public listener and `listen.documents` answer it too, without the checks',
    readiness,
  ),
  '/metrics': monitoringPath('scrape', 'Fetch metrics in the Prometheus text format', {
    200: { description: 'Text format version 0.0.4', content: { 'text/plain': { schema: text } } },
  }),
  '/.well-known/openid-configuration': fixedDocument('discover', 'Fetch the discovery document'),
  '/jwks': fixedDocument('fetchKeys', 'Fetch the public keys (JWKS)'),
  '/audit/key': {
    ...issuer,
    get: {
      operationId: 'fetchAuditKey',
      summary: 'Fetch the key that verifies checkpoints of the audit log',
      tags: ['issuer'],
      security: [],
      responses: {
        200: {
          description: 'A verifier key of signed notes: `NAME+ID+KEY`.',
          content: { 'text/plain': { schema: text } },
        },
      },
    },
  },
  '/token': {
    ...issuer,
    post: {
      operationId: 'fetchToken',
      summary: 'Fetch a cloud token for a connection, or an API token (for /v1)',
      tags: ['issuer'],
      security: [{ client_secret: [] }, {}],
      requestBody: {
        required: true,
        content: { 'application/x-www-form-urlencoded': { schema: form } },
      },
      responses: {
        200: json('The token', bearerToken),
        default: json('Refused (RFC 6749 section 5.2)', oauthError),
      },
    },
  },
  '/v1/connections/{id}/credentials': {
    ...issuer,
    get: credentials('fetchCredentials'),
    post: credentials('requestCredentials'),
  },
  '/connect/{invitation}': {
    ...issuer,
    get: customer('showPage', 'Show the page for the customer’s administrator', { 200: page('The page') }),
  },
  '/connect/{invitation}/files/{name}': {
    ...issuer,
    get: customer(
      'fetchCustomerFile',
      'Fetch a set-up file',
      { 200: { description: 'The file', content: { '*/*': { schema: {} } } } },
      { parameters: [invitation, { name: 'name', in: 'path', required: true, schema: text }] },
    ),
  },
  '/connect/{invitation}/events': {
    ...issuer,
    get: customer(
      'watchStatus',
      'Watch for changes: server-sent events with a new identifier for each state of the page',
      {
        200: { description: 'The stream', content: { 'text/event-stream': { schema: text } } },
      },
    ),
  },
  '/connect/{invitation}/report': {
    ...issuer,
    post: customer(
      'reportSetup',
      'Report the ids of the created resources, once; starts a verification',
      {
        200: json('The result of the verification', {
          type: 'object',
          properties: { state: { enum: ['active', 'failing'] }, checks: { type: 'array' } },
        }),
        303: { description: 'After a form; redirects to the page, which shows the result' },
        default: refusal,
      },
      {
        requestBody: {
          required: true,
          content: {
            'application/json': { schema: report },
            'application/x-www-form-urlencoded': { schema: report },
          },
        },
      },
    ),
  },
  '/connect/{invitation}/pause': button(
    'pauseAccess',
    'Pause the connection; every use is refused until it is resumed',
  ),
  '/connect/{invitation}/resume': button(
    'resumeAccess',
    'Resume a connection that was paused through this link',
  ),
  '/connect/{invitation}/control-link': button(
    'createControlLink',
    'Create a control link that is valid for a year, and redirect to it',
  ),
  '/v1/connections/{id}/token': {
    ...issuer,
    get: {
      operationId: 'fetchCloudToken',
      summary: 'Fetch the cloud token itself',
      tags: ['credentials'],
      security: [{ api_token: [] }],
      parameters: [connectionId],
      responses: { 200: json('The token', bearerToken), default: refusal },
    },
  },
};

export const securitySchemes = {
  admin_token: { type: 'http', scheme: 'bearer', description: 'SOJOURN_ADMIN_TOKEN' },
  api_token: {
    type: 'http',
    scheme: 'bearer',
    description: 'From POST /token with resource=urn:sojourn:api',
  },
  client_secret: { type: 'http', scheme: 'basic' },
};
