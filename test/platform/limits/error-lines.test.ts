/** Failed requests write a bounded number of error lines. */
import { expect, test } from '@jest/globals';
import { limitErrors } from '../../../src/platform/limits/index.ts';
import { createLogger } from '../../../src/platform/log/index.ts';

test('of one code, ten error lines are written at once and one per second then, with the number left out', () => {
  const written: Record<string, unknown>[] = [];
  const destination = { write: (line: string) => void written.push(JSON.parse(line)) };
  let ms = 1_000;
  const logger = limitErrors(createLogger({ destination }), () => ms);
  const fail = (code: string, count: number) => {
    written.length = 0;
    for (let number = 0; number < count; number++) logger.error({ code, request_id: number }, 'failed');
    return written.map(({ time: _, ...line }) => line);
  };
  const line = (code: string, request_id: number) => ({ level: 'error', code, request_id, msg: 'failed' });

  const first = Array.from({ length: 10 }, (_, number) => line('internal', number));
  expect(fail('internal', 1_000)).toEqual(first);
  expect(fail('store_unavailable', 1)).toEqual([line('store_unavailable', 0)]);
  ms += 1_000;
  expect(fail('internal', 3)).toEqual([{ ...line('internal', 0), left_out: 990 }]);
  ms += 1_000;
  expect(fail('internal', 1)).toEqual([{ ...line('internal', 0), left_out: 2 }]);

  written.length = 0;
  logger.warn('not limited');
  expect(written).toMatchObject([{ level: 'warn', msg: 'not limited' }]);
});
