/** The warning before the certificate of the issuer changes. */
import { once } from 'node:events';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { expect, test } from '@jest/globals';
import { checkCertificate } from '../../../src/onboarding/doctor/certificate.ts';
import { startAuthority } from '../../support/authority.ts';

const storing = { id: 'con_1', state: 'active', cloud: 'alibaba' };
const other = { id: 'con_2', state: 'active', cloud: 'vault' };
const dayMs = 86_400_000;

test('the doctor warns 45 days before a certificate expires whose fingerprint a service stores', async () => {
  const authority = await startAuthority('issuer');
  const pair = await authority.issue({ purpose: 'serverAuth', names: [{ type: 7, ip: '127.0.0.1' }] });
  const server = https.createServer(pair);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const issuer = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const check = (connections: (typeof storing)[], now = Date.now()) =>
    checkCertificate(issuer, connections, now);
  const stored = 'its fingerprint is stored for con_1 (alibaba)';
  const advice =
    'Before the certificate or its authority changes, add the fingerprint of the new one in the accounts of these customers.';

  expect(await check([other])).toEqual([]);
  // It is valid for 30 days.
  expect(await check([other, storing])).toEqual([
    {
      name: 'certificate',
      outcome: 'warned',
      detail: expect.stringMatching(/^the certificate expires on \d{4}-\d\d-\d\d, and /),
      advice,
    },
  ]);
  const [early] = await check([storing], Date.now() - 30 * dayMs);
  expect([early?.outcome, early?.detail.endsWith(stored)]).toEqual(['passed', true]);
  server.close();
  server.closeAllConnections();
  expect(await check([storing])).toEqual([
    {
      name: 'certificate',
      outcome: 'warned',
      detail: `the certificate could not be read, and ${stored}`,
      advice,
    },
  ]);
  expect(await checkCertificate('http://127.0.0.1:1', [storing], 0)).toEqual([]);
});
