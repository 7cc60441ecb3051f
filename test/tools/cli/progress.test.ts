import { expect, test } from '@jest/globals';
import type { Terminal } from '../../../src/tools/cli/command.ts';
import { progressOn } from '../../../src/tools/cli/progress.ts';

function written(isTTY: boolean): string {
  let text = '';
  const err = (part: string) => {
    text += part;
  };
  const stdout = { isTTY } as NodeJS.WriteStream;
  const progress = progressOn({ out: err, err, stdout, env: {} } satisfies Terminal);
  for (let lines = 4_096; lines < 120_000; lines += 4_096) progress.report(lines);
  progress.end();
  return text;
}

test('long work shows its progress on a terminal, and removes it at the end', () => {
  expect(written(true)).toBe('\r53,248 lines\r106,496 lines\r\u001b[K');
});

test('long work shows no progress in a pipe', () => {
  expect(written(false)).toBe('');
});
