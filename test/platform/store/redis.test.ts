import { afterAll, beforeAll } from '@jest/globals';
import { type RedisServer, startRedis } from '../../support/redis.ts';
import { redisBench } from './bench.ts';
import { describeStore } from './contract.ts';

let common: RedisServer;
beforeAll(async () => {
  common = await startRedis();
});
afterAll(() => common.stop());

describeStore('Redis', () => redisBench(common.url));
