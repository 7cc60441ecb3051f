import { expect, test } from '@jest/globals';
import { columns } from '../../../src/tools/cli/print.ts';

test('a table has a column for each name, and the type check rejects a name that no item has', () => {
  const items = [{ id: 'cli_1', auth: { method: 'tls' }, events: ['a', 'b'], note: null }];
  expect(columns(items, ['id', 'auth.method', 'events', 'note'])).toBe(
    'ID     AUTH.METHOD  EVENTS  NOTE\ncli_1  tls          a, b    -\n',
  );
  // @ts-expect-error: no item has this member
  expect(columns(items, ['name'])).toBe('NAME\n-\n');
  // @ts-expect-error: the nested object does not have this member
  expect(columns(items, ['auth.name'])).toBe('AUTH.NAME\n-\n');
});
