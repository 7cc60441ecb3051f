import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { twoReplicas } from './replicas.ts';
import { suspension } from './suite.ts';

suspension('SQLite', async (config) => {
  const folder = await mkdtemp(join(tmpdir(), 'sojourn-suspension-'));
  return twoReplicas({ ...config, store: `sqlite:${join(folder, 'shared.db')}` }, () =>
    rm(folder, { recursive: true, force: true }),
  );
});
