/** What a caller of /token hears of each kind of failure, and what only the audit and the log have. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { errors } from 'oidc-provider';
import { createLogger } from '../../../src/platform/log/index.ts';
import { refuse } from '../../../src/tokens/issuer/refusal.ts';
import { createModules } from '../../support/modules.ts';

let modules: Awaited<ReturnType<typeof createModules>>;
beforeAll(async () => {
  modules = await createModules();
});
afterAll(() => modules.end());

const internal = {
  status: 500,
  headers: {},
  body: {
    error: 'server_error',
    error_description:
      'The server failed because of an internal error. Find the reason in the server log by the request id.',
  },
  unauthenticated: false,
};

test.each<[string, unknown, boolean, Record<string, unknown>]>([
  ['an error of our own code', new TypeError('db password'), true, { ...internal, reason: 'db password' }],
  ['something that is no error', 'db password', true, { ...internal, reason: 'unknown' }],
  [
    'a failure inside the engine',
    new errors.OIDCProviderError(503, 'db password'),
    false,
    { ...internal, reason: 'db password' },
  ],
  [
    'a request that the engine refuses',
    new errors.InvalidRequest('grant_type is missing'),
    true,
    {
      status: 400,
      headers: {},
      body: { error: 'invalid_request', error_description: 'grant_type is missing' },
      reason: 'invalid_request: grant_type is missing',
      unauthenticated: false,
    },
  ],
  [
    'a client that the engine does not accept',
    new errors.InvalidClientAuth('secret details'),
    true,
    {
      status: 401,
      headers: {},
      body: {
        error: 'invalid_client',
        error_description: expect.not.stringContaining('secret details'),
      },
      reason: 'invalid_client: client authentication failed: secret details',
      unauthenticated: true,
    },
  ],
])('%s', async (_, error, clientFound, expected) => {
  let log = '';
  const destination = {
    write: (line: string) => {
      log += line;
    },
  };
  const audit = modules.audit();
  const request_id = `request-${String(expected.reason)}`;
  const progress = {
    request: {
      context: { request_id, source_ip: '192.0.2.1' },
      parameters: new Map<string, string>(),
      certificate: () => ({ certificate: undefined }) as never,
    },
  };
  const logger = createLogger({ level: 'error', destination });
  expect(await refuse({ audit, logger }, progress, error, clientFound)).toEqual(expected);
  expect(log.includes('a token request failed')).toBe(expected.status === 500);
  const { items } = await audit.search({ event: 'token.refused', limit: 1 });
  expect(items).toEqual([
    expect.objectContaining({
      outcome: expected.status === 500 ? 'failed' : 'refused',
      actor: 'unknown',
      reason: expected.reason,
      request_id,
    }),
  ]);
});
