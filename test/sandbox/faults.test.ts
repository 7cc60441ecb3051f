import { expect, test } from '@jest/globals';
import { azureCloud } from '../../src/sandbox/azure/index.ts';
import { call } from '../../src/sandbox/demo/http.ts';
import { gcpCloud } from '../../src/sandbox/gcp/index.ts';
import { startSandbox } from '../../src/sandbox/index.ts';

test('the sandbox sets faults for the clouds that it runs, and rejects other names', async () => {
  const listen = { host: '127.0.0.1', port: 0 };
  const sandbox = await startSandbox({ listen, clouds: [azureCloud, gcpCloud] });
  const set = async (cloud: string) => {
    const { status, body } = await call({
      method: 'PUT',
      url: `${sandbox.origin}/sandbox/faults`,
      body: { cloud },
    });
    return { status, body: JSON.parse(body) };
  };
  expect(await set('aws')).toEqual({
    status: 400,
    body: {
      error: 'invalid_request',
      faults: ['cloud: Invalid option: expected one of "azure"|"gcp"'],
    },
  });
  expect(await set('gcp')).toEqual({
    status: 200,
    body: { cloud: 'gcp', delay_ms: 0, status: null, propagation_seconds: 0, outage: false },
  });
  await sandbox.close();
});
