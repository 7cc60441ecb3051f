/** The files that `sojourn exec` writes for a service with a preset: refreshed, kept in an outage, removed after a refusal. */
import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { deliver } from '../../../src/tools/cli/exec/delivery.ts';
import { SojournRequestError } from '../../../src/tools/sdk/index.ts';
import { until } from '../../tokens/publishing/bench.ts';
import { hostileSettings } from '../hostile-settings.ts';

let parent: string;
beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'sojourn-exec-files-'));
});
afterEach(() => rm(parent, { recursive: true }));

test('are rewritten with fresh tokens, kept during an outage and removed after a refusal', async () => {
  let tokens = 0;
  let failure: Error | undefined;
  const sojourn = {
    token: async () => ({ token: `token-${++tokens}`, expiresAt: new Date(0) }),
    async formattedCredentials() {
      if (failure) throw failure;
      return JSON.stringify({
        variables: { ACME_FILE: '{{folder}}/acme-token' },
        files: [{ name: 'acme-token', content: '{{cloud_token}}' }],
        remove: [],
        notes: [],
      });
    },
  };
  const file = join(parent, 'con_1', 'acme-token');
  const delivered = await deliver(sojourn, 'con_1', undefined, parent, 5);
  expect(delivered.variables).toEqual({ ACME_FILE: file });
  const first = await readFile(file, 'utf8');
  await until(async () => (await readFile(file, 'utf8')) !== first);

  failure = new SojournRequestError({ code: 'overloaded', detail: '', advice: '', status: 503 });
  await setTimeout(30);
  expect(await readdir(join(parent, 'con_1'))).toEqual(['acme-token']);

  failure = new SojournRequestError({ code: 'connection_paused', detail: '', advice: '', status: 403 });
  await until(async () => (await readdir(join(parent, 'con_1'))).length === 0);
  await delivered.stop();
  failure = undefined;
  await setTimeout(30);
  expect(await readdir(join(parent, 'con_1'))).toEqual([]);
});

test.each(hostileSettings)('are refused, all of them, if the server sends %s', async (_, sent, detail) => {
  const sojourn = {
    token: async () => ({ token: 'token', expiresAt: new Date(0) }),
    formattedCredentials: async () =>
      JSON.stringify({
        variables: {},
        files: [{ name: 'acme-token', content: 'x' }],
        remove: [],
        notes: [],
        ...sent,
      }),
  };
  const nested = join(parent, 'a', 'b');
  await mkdir(nested, { recursive: true });
  const error: unknown = await deliver(sojourn, 'con_1', undefined, nested, 5).catch((e: unknown) => e);
  expect(error).toMatchObject({ code: 'service_settings_unsafe', message: detail });
  expect(await readdir(parent, { recursive: true })).toEqual(['a', 'a/b', 'a/b/con_1']);
});

test('notes of the server cannot change the terminal', async () => {
  const sojourn = {
    token: async () => ({ token: 'token', expiresAt: new Date(0) }),
    formattedCredentials: async () =>
      JSON.stringify({ variables: {}, files: [], remove: [], notes: ['one\u001b[2J\u009btwo'] }),
  };
  const { notes, stop } = await deliver(sojourn, 'con_1', undefined, parent);
  await stop();
  expect(notes).toEqual(['one [2J two']);
});
