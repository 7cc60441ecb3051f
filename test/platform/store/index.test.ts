import { expect, test } from '@jest/globals';
import { benchOn } from './bench.ts';

test.each(['mysql://u:hunter2@db/x', 'redis+sentinel://h', '', 'sojourn.db'])(
  'the store %j is refused without repeating it',
  async (url) => {
    await expect(benchOn(url).open()).rejects.toMatchObject({
      code: 'config_invalid',
      message: 'store: must begin with sqlite:, postgres://, redis:// or rediss://.',
    });
  },
);
