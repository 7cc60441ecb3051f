/** A service that should accept a token once, and accepts it again. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { diagnosisOf } from '../../../src/clouds/index.ts';
import { SojournError } from '../../../src/platform/errors/index.ts';
import type { TestConnection } from '../../support/server.ts';
import { openPipeline, type Pipeline } from '../../tokens/exchange/pipeline.ts';

const folder = mkdtempSync(join(tmpdir(), 'sojourn-once-'));
let pipeline: Pipeline;
let connection: TestConnection;
beforeAll(async () => {
  const acme = readFileSync(join(import.meta.dirname, '../../tokens/exchange/acme.yaml'), 'utf8');
  const once = acme.replace('id: acme\n', 'id: once\n').replace('token:\n', 'token:\n  single_use: true\n');
  writeFileSync(join(folder, 'once.yaml'), once);
  // The stand-in of Vault accepts a token again.
  pipeline = await openPipeline({ presets: folder, services: { once: 'vault' } });
  connection = await pipeline.connect('once', { role: 'vendor' });
  const { audience, subject } = connection;
  await fetch(`${pipeline.sandbox}/vault/trust`, {
    method: 'PUT',
    body: JSON.stringify({ issuer: pipeline.issuer, audience, subject, parameters: { role: 'vendor' } }),
  });
});
afterAll(async () => {
  await pipeline.close();
  rmSync(folder, { recursive: true });
});

test('only a refusal of the token shows that a service accepts it once', () => {
  const { interpretSecondUse } = diagnosisOf('anthropic');
  const codes = [
    'cloud_trust_refused',
    'cloud_token_rejected',
    'cloud_throttled',
    'cloud_unavailable',
  ] as const;
  expect(
    [undefined, ...codes.map((code) => new SojournError(code))].map((error) => interpretSecondUse?.(error)),
  ).toEqual(['admitted', 'refused', 'refused', 'inconclusive', 'inconclusive']);
  expect(diagnosisOf('vault').interpretSecondUse).toBeUndefined();
});

interface Verified {
  readonly state: string;
  readonly checks: readonly { readonly name: string; readonly outcome: string }[];
}
const verify = () => pipeline.admin.post<Verified>(`/connections/${connection.id}/verify`);

test('a connection fails whose service accepts the token of the exchange again', async () => {
  const { state, checks } = await verify();
  expect(state).toBe('failing');
  expect(checks.filter(({ outcome }) => outcome !== 'passed')).toEqual([
    {
      name: 'second_use',
      outcome: 'failed',
      detail: 'The cloud accepted the same token twice, so a stolen token is usable until it expires.',
      advice: 'Apply the set-up of the connection again: with it, the cloud accepts a token once.',
      condition: 'token_reusable',
      fix: `sojourn connection setup ${connection.id} role.sql`,
    },
  ]);
  const [sent, probed] = [
    await pipeline.audit(`event=exchange.succeeded&connection=${connection.id}`),
    await pipeline.audit(`event=connection.probed&connection=${connection.id}`),
  ];
  const second = probed.find(({ facts }) => (facts as { probe?: string }).probe === 'second_use');
  expect(second).toMatchObject({
    outcome: 'failed',
    jti: sent[0]?.jti,
    reason: 'the cloud issued credentials',
    facts: { probe: 'second_use', result: 'admitted' },
  });
  // Nobody else got access.
  expect(await pipeline.audit(`event=connection.exposed&connection=${connection.id}`)).toEqual([]);
});
