import { afterAll, beforeAll } from '@jest/globals';
import { Redis } from 'ioredis';
import { type RedisServer, startRedis } from '../../support/redis.ts';
import { describeInterrupted } from './interrupted.ts';

let common: RedisServer;
beforeAll(async () => {
  common = await startRedis();
});
afterAll(() => common.stop());

describeInterrupted(
  'SQLite',
  () => undefined,
  // The archive has 120 kB; the write-ahead log of SQLite needs more.
  async () => ({ limit: 'ulimit -f 512', free: async () => undefined }),
);

describeInterrupted(
  'Redis',
  () => common.url,
  async () => {
    const redis = new Redis(common.url);
    await redis.config('SET', 'maxmemory', '1mb');
    const free = async () => {
      await redis.config('SET', 'maxmemory', '0');
      await redis.quit();
    };
    return { limit: ':', free };
  },
);
