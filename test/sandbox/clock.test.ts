import { expect, test } from '@jest/globals';
import { call } from '../../src/sandbox/demo/http.ts';
import { startSandbox } from '../../src/sandbox/index.ts';

test('every response has the time of the sandbox in its Date header, which AWS SDKs use to sign', async () => {
  const noon = 1_795_608_000_000;
  const sandbox = await startSandbox({ listen: { host: '127.0.0.1', port: 0 }, now: () => noon });
  const hour = async () => (await fetch(`${sandbox.origin}/aws`)).headers.get('date');
  expect(await hour()).toBe('Wed, 25 Nov 2026 12:00:00 GMT');
  await call({ method: 'PUT', url: `${sandbox.origin}/sandbox/clock`, body: { offset_seconds: 3600 } });
  expect(await hour()).toBe('Wed, 25 Nov 2026 13:00:00 GMT');
  await sandbox.close();
});
