/** A start without the file of a preset that connections use. */
import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { clouds } from '../../../src/clouds/index.ts';
import type { SojournError } from '../../../src/platform/errors/index.ts';
import { testServer } from '../../support/server.ts';

test('a start without the preset of a connection is refused, and says what to do', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'sojourn-preset-'));
  const file = join(import.meta.dirname, '../../tokens/exchange/acme.yaml');
  await copyFile(file, join(folder, 'acme.yaml'));
  const config = { presets: { folder } };
  const first = await testServer({ config });
  const tenant = await first.admin.post<{ id: string }>('/tenants', { name: 'Acme' });
  const { id } = await first.admin.post<{ id: string }>('/connections', {
    name: 'prod',
    tenant: tenant.id,
    cloud: 'acme',
    target: { role: 'vendor' },
  });
  await first.stop();

  // A new process reads only the built-in presets.
  Reflect.deleteProperty(clouds, 'acme');
  const { code, faults } = await testServer({ folder: first.folder }).then(
    () => ({ code: 'started', faults: [] }),
    (error: SojournError) => error,
  );
  expect([code, faults]).toEqual([
    'config_invalid',
    [
      {
        path: 'presets.folder',
        message: `has no preset acme, which a connection uses (${id}). Put its file back. Before you remove it, delete these connections`,
      },
    ],
  ]);

  const again = await testServer({ folder: first.folder, config });
  expect(await again.admin.get<object>(`/connections/${id}`)).toMatchObject({ id, cloud: 'acme' });
  await again.close();
  await rm(folder, { recursive: true });
}, 60_000);
