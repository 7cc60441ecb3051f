/** What the OpenAPI document says of paths that are not the admin API's: the probes, and the public listener. */
import { cloudNames, clouds } from '../../../clouds/index.ts';

const text = { type: 'string' } as const;
const json = (description: string, schema: object = { type: 'object' }) => ({
  description,
  content: { 'application/json': { schema } },
});
const refusal = {
  description: 'Refused; the code says why.',
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

const probe = (operationId: string, summary: string, responses: object) => ({
  get: { operationId, summary, tags: ['probes'], security: [], responses },
});

const form = {
  type: 'object',
  required: ['grant_type'],
  properties: {
    grant_type: { enum: ['client_credentials', 'urn:ietf:params:oauth:grant-type:token-exchange'] },
    resource: { ...text, description: 'urn:sojourn:connection:ID, or urn:sojourn:api for a token for /v1.' },
    audience: { ...text, description: 'When sent, it must be the audience of the connection.' },
    client_id: text,
    client_secret: text,
    client_assertion_type: { const: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer' },
    client_assertion: {
      ...text,
      description: 'Signed by the client, or the token of a federated client from its own issuer.',
    },
    subject_token: { ...text, description: 'The token of a federated client, to be exchanged (RFC 8693).' },
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
    issued_token_type: { ...text, description: 'After an exchange.' },
  },
};

const oauthError = {
  type: 'object',
  required: ['error'],
  properties: { error: text, error_description: text },
};

const invitation = { name: 'invitation', in: 'path', required: true, schema: text };
const page = (description: string) => ({ description, content: { 'text/html': { schema: text } } });
const noInvitation = page('No living invitation; the same whatever is wrong with it');

const customer = (operationId: string, summary: string, responses: object, more: object = {}) => ({
  operationId,
  summary,
  tags: ['customer'],
  security: [],
  parameters: [invitation],
  responses: { ...responses, 404: noInvitation },
  ...more,
});

/** A button of the page. */
const button = (operationId: string, summary: string) => ({
  ...issuer,
  post: customer(operationId, summary, {
    303: { description: 'Done; the page shows it' },
    default: page('Refused; the page says why'),
  }),
});

const report = {
  type: 'object',
  description: 'The members of one cloud.',
  properties: Object.fromEntries(
    cloudNames.flatMap((cloud) =>
      clouds[cloud].guide.reportFields.map(({ name, label, example }) => [
        name,
        { ...text, description: `${clouds[cloud].guide.title}: ${label}`, example },
      ]),
    ),
  ),
};

const credentials = (operationId: string) => ({
  operationId,
  summary: "Credentials of the connection's cloud",
  tags: ['credentials'],
  security: [{ api_token: [] }],
  parameters: [
    connectionId,
    {
      name: 'format',
      in: 'query',
      schema: { enum: ['json', 'aws-process', 'aws-container', 'env', 'gcp', 'azure'], default: 'json' },
    },
    {
      name: 'purpose',
      in: 'query',
      description: 'A purpose of the connection; it may be left out where the client has only one.',
      schema: text,
    },
  ],
  responses: {
    200: {
      description: 'In the form that was asked for',
      content: { 'application/json': { schema: { type: 'object' } }, 'text/plain': { schema: text } },
    },
    default: refusal,
  },
});

export const otherPaths = {
  '/healthz': probe('isAlive', 'Whether the process lives', { 200: json('It does') }),
  '/readyz': probe('isReady', 'Whether the process should get requests', {
    200: json('It should, and every check with its detail'),
    503: json('It should not, and every check with its detail'),
  }),
  '/metrics': probe('scrape', 'Metrics in the Prometheus text format', {
    200: { description: 'Version 0.0.4', content: { 'text/plain': { schema: text } } },
  }),
  '/.well-known/openid-configuration': fixedDocument('discover', 'The discovery document'),
  '/jwks': fixedDocument('fetchKeys', 'The public keys'),
  '/token': {
    ...issuer,
    post: {
      operationId: 'fetchToken',
      summary: 'A token for a connection, or for /v1',
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
    get: customer('showPage', "The page for the customer's administrator", { 200: page('The page') }),
  },
  '/connect/{invitation}/files/{name}': {
    ...issuer,
    get: customer(
      'fetchCustomerFile',
      'One file that the customer applies',
      { 200: { description: 'The file', content: { '*/*': { schema: {} } } } },
      { parameters: [invitation, { name: 'name', in: 'path', required: true, schema: text }] },
    ),
  },
  '/connect/{invitation}/events': {
    ...issuer,
    get: customer('watchStatus', 'Server-sent events: another identifier for each state of the page', {
      200: { description: 'The stream', content: { 'text/event-stream': { schema: text } } },
    }),
  },
  '/connect/{invitation}/report': {
    ...issuer,
    post: customer(
      'reportSetup',
      'Say what the set-up has created, once; it is tried at once',
      {
        200: json('What the try has found', {
          type: 'object',
          properties: { state: { enum: ['active', 'failing'] }, checks: { type: 'array' } },
        }),
        303: { description: 'After a form; the page shows what the try has found' },
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
  '/connect/{invitation}/pause': button('pauseAccess', 'Refuse every use of the connection from now on'),
  '/connect/{invitation}/resume': button('resumeAccess', 'Lift a pause that this link holds'),
  '/connect/{invitation}/keep': button('createControlLink', 'Make a link that lasts a year, and go to it'),
  '/v1/connections/{id}/token': {
    ...issuer,
    get: {
      operationId: 'fetchCloudToken',
      summary: 'The cloud token itself',
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
