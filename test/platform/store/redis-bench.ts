/** Helpers for Redis tests: servers that end with their test. */
import { Redis } from 'ioredis';
import { type RedisServer, type RedisServerOptions, startRedis } from '../../support/redis.ts';
import { later } from './trouble.ts';

export const server = async (options?: RedisServerOptions): Promise<RedisServer> => {
  const redis = await startRedis(options);
  later(() => redis.stop());
  return redis;
};
export const ask = async <T>(url: string, question: (redis: Redis) => Promise<T>): Promise<T> => {
  const redis = new Redis(url);
  try {
    return await question(redis);
  } finally {
    redis.disconnect();
  }
};
