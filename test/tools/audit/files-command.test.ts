import { afterAll, beforeAll } from '@jest/globals';
import { type RedisServer, startRedis } from '../../support/redis.ts';
import { describeFiles } from './files-command.ts';

let common: RedisServer;
beforeAll(async () => {
  common = await startRedis();
});
afterAll(() => common.stop());

describeFiles('SQLite', () => undefined);
describeFiles('Redis', () => common.url);
