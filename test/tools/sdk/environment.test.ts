import { expect, test } from '@jest/globals';
import { sojournFromEnv } from '../../../src/tools/sdk/index.ts';
import { errorOf } from './arrange.ts';

const env = { SOJOURN_ISSUER: 'https://id.example.com', SOJOURN_CLIENT_ID: 'cli_1' };

/** The request to /token, or the detail of the error. */
async function tokenRequestOf(variables: Record<string, string>): Promise<unknown> {
  let sent: RequestInit | undefined;
  const recordingFetch: typeof fetch = async (_, init) => {
    sent = init;
    return new Response('{"error":"invalid_client"}', { status: 401 });
  };
  const error = await errorOf(
    sojournFromEnv({ ...env, ...variables }, { fetch: recordingFetch }).token('con_1'),
  );
  return sent
    ? { authorization: new Headers(sent.headers).get('authorization'), body: sent.body }
    : error.detail;
}

test.each([
  [
    'a client secret',
    { SOJOURN_CLIENT_SECRET: 's' },
    { authorization: `Basic ${btoa('cli_1:s')}`, body: expect.any(String) },
  ],
  [
    'a client secret file rather than a secret',
    { SOJOURN_CLIENT_SECRET: 's', SOJOURN_CLIENT_SECRET_FILE: '/none' },
    'The client secret file /none cannot be read (ENOENT).',
  ],
  [
    'a private key rather than a secret',
    { SOJOURN_CLIENT_SECRET: 's', SOJOURN_CLIENT_KEY_FILE: '/none' },
    'The private key file /none cannot be read (ENOENT).',
  ],
  [
    'a workload token rather than all others, without a client id,',
    { SOJOURN_CLIENT_SECRET: 's', SOJOURN_CLIENT_ID: '', SOJOURN_WORKLOAD_TOKEN_FILE: '/none' },
    'The workload token file /none cannot be read (ENOENT).',
  ],
])('sojournFromEnv uses %s', async (_, variables, expected) => {
  expect(await tokenRequestOf(variables)).toEqual(expected);
});

test.each([
  [{ ...env, SOJOURN_ISSUER: '' }, 'The issuer is not set. Set SOJOURN_ISSUER to the issuer of the server.'],
  [env, 'The client is not set. Set SOJOURN_CLIENT_ID and SOJOURN_CLIENT_SECRET, or name a file in '],
  [{ ...env, SOJOURN_CLIENT_ID: '', SOJOURN_CLIENT_KEY_FILE: '/k' }, 'The client is not set.'],
])('sojournFromEnv names what is missing: %#', (variables, message) => {
  expect(() => sojournFromEnv(variables)).toThrow(message);
});
