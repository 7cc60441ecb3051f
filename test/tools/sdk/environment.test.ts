import { expect, test } from '@jest/globals';
import { sojournFromEnv } from '../../../src/tools/sdk/index.ts';
import { errorOf } from './arrange.ts';

const env = { SOJOURN_ISSUER: 'https://id.example.com', SOJOURN_CLIENT_ID: 'cli_1' };

/** What /token would be asked. */
async function asked(variables: Record<string, string>): Promise<unknown> {
  let sent: RequestInit | undefined;
  const noting: typeof fetch = async (_, init) => {
    sent = init;
    return new Response('{"error":"invalid_client"}', { status: 401 });
  };
  const error = await errorOf(sojournFromEnv({ ...env, ...variables }, { fetch: noting }).token('con_1'));
  return sent
    ? { authorization: new Headers(sent.headers).get('authorization'), body: sent.body }
    : error.detail;
}

test.each([
  [
    'a secret',
    { SOJOURN_CLIENT_SECRET: 's' },
    { authorization: `Basic ${btoa('cli_1:s')}`, body: expect.any(String) },
  ],
  [
    'the file of a secret before that',
    { SOJOURN_CLIENT_SECRET: 's', SOJOURN_CLIENT_SECRET_FILE: '/none' },
    'The file of the client secret, /none, cannot be read (ENOENT).',
  ],
  [
    'a key before secrets',
    { SOJOURN_CLIENT_SECRET: 's', SOJOURN_CLIENT_KEY_FILE: '/none' },
    'The file of the private key, /none, cannot be read (ENOENT).',
  ],
  [
    'a workload token before all, with no client needed',
    { SOJOURN_CLIENT_SECRET: 's', SOJOURN_CLIENT_ID: '', SOJOURN_WORKLOAD_TOKEN_FILE: '/none' },
    'The file of the workload token, /none, cannot be read (ENOENT).',
  ],
])('%s is taken from the environment', async (_, variables, expected) => {
  expect(await asked(variables)).toEqual(expected);
});

test.each([
  [{ ...env, SOJOURN_ISSUER: '' }, 'There is no issuer. Set SOJOURN_ISSUER to the issuer of the server.'],
  [env, 'There is no client. Set SOJOURN_CLIENT_ID and SOJOURN_CLIENT_SECRET, or name a file in '],
  [{ ...env, SOJOURN_CLIENT_ID: '', SOJOURN_CLIENT_KEY_FILE: '/k' }, 'There is no client.'],
])('what is missing is named: %#', (variables, sentence) => {
  expect(() => sojournFromEnv(variables)).toThrow(sentence);
});
