/** The path of a token request through our code stays short. `npm run bench:calls -- --list` prints it. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from '@jest/globals';

const maxFunctions = 90;
/** Without those of `src/server/http`, most of which protect the server against floods. */
const maxBehindHttp = 68;
const maxCrossings = 6;

test('a token request runs at most 90 of our functions, 68 of them behind HTTP, and crosses to the engine or back at most 6 times', async () => {
  const counter = join(import.meta.dirname, '../../bench/token-calls.ts');
  const { stdout } = await promisify(execFile)(process.execPath, [counter, '--json']);
  const { list, functions, crossings } = JSON.parse(stdout) as {
    list: { file: string; name: string }[];
    functions: number;
    crossings: number;
  };
  const names = list.map(({ file, name }) => `${file} ${name}`);
  for (const step of [
    'access/policy/decide.ts decide',
    'platform/audit/index.ts record',
    'tokens/issuer/jws.ts signJws',
  ])
    expect(names).toContain(step);
  expect(functions).toBe(list.length);
  expect(functions).toBeLessThanOrEqual(maxFunctions);
  expect(list.filter(({ file }) => !file.startsWith('server/http/')).length).toBeLessThanOrEqual(
    maxBehindHttp,
  );
  expect(crossings).toBeGreaterThanOrEqual(4);
  expect(crossings).toBeLessThanOrEqual(maxCrossings);
}, 60_000);
