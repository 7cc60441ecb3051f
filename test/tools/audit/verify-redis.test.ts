import { afterAll, beforeAll } from '@jest/globals';
import { type RedisServer, startRedis } from '../../support/redis.ts';
import { describeVerification } from './verify-property.ts';

let common: RedisServer;
beforeAll(async () => {
  common = await startRedis();
});
afterAll(() => common.stop());

describeVerification('Redis', () => common.url);
