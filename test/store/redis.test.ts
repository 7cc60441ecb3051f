import { afterAll, beforeAll } from '@jest/globals';
import { type RedisServer, startRedis } from '../support/redis.ts';
import { redisBench } from './bench.ts';
import { describeStore } from './contract.ts';

let server: RedisServer;
beforeAll(async () => {
  server = await startRedis();
});
afterAll(() => server.stop());

describeStore('Redis', () => redisBench(server.url));
