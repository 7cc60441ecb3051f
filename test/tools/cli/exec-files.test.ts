/** The files that `sojourn exec` writes for a service with a preset: refreshed, kept in an outage, removed after a refusal. */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { deliver } from '../../../src/tools/cli/exec/delivery.ts';
import { SojournRequestError } from '../../../src/tools/sdk/index.ts';
import { until } from '../../tokens/publishing/bench.ts';

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
