import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { generated } from '../support/generated.ts';

test.each(generated)('$file equals the output of npm run docs', ({ file, content }) => {
  expect(readFileSync(join(import.meta.dirname, '../..', file), 'utf8')).toBe(content());
});
