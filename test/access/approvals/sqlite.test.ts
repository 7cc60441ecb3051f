import { testServer } from '../../support/server.ts';
import { approvals } from './suite.ts';

approvals('SQLite', async (config, now) => {
  const one = await testServer({ config: { ...config, keys: { stale_after: '9d' } }, now });
  return { one, other: one, close: one.close };
});
