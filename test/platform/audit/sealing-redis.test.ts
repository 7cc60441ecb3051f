import { afterAll, beforeAll } from '@jest/globals';
import { type RedisServer, startRedis } from '../../support/redis.ts';
import { redisBench } from '../store/bench.ts';
import { describeSealing } from './sealing.ts';

let common: RedisServer;
beforeAll(async () => {
  common = await startRedis();
});
afterAll(() => common.stop());

describeSealing('Redis', () => redisBench(common.url));
