/** What a probe can never be, and by whom a connection is verified again. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  type Connection,
  type ResolvedConnection,
  resolveConnection,
} from '../../../src/access/connections/index.ts';
import { diagnosisOf } from '../../../src/clouds/index.ts';
import { documentChecks } from '../../../src/onboarding/verification/diagnosis.ts';
import { probes } from '../../../src/onboarding/verification/probes.ts';
import { storeVerification, type VerificationRecord } from '../../../src/onboarding/verification/record.ts';
import { nextRetry } from '../../../src/onboarding/verification/retry.ts';
import { claimVerification, dueAt, listDue } from '../../../src/onboarding/verification/schedule.ts';
import { SojournError } from '../../../src/platform/errors/index.ts';
import { isId, newId } from '../../../src/platform/ids/index.ts';
import { probeClaims } from '../../../src/tokens/issuer/claims.ts';
import { onlyProber } from '../../../src/tokens/issuer/probe.ts';
import { sources } from '../../architecture/source.ts';
import { createModules, type Modules } from '../../support/modules.ts';

let bench: Modules;
beforeEach(async () => {
  bench = await createModules();
});
afterEach(() => bench.end());
const now = () => bench.clock.ms;

async function made(cloud = 'aws'): Promise<Connection> {
  const tenant = await bench.tenants.create({ name: 'Acme' });
  const target = cloud === 'gcp' ? { project_number: '1', pool_id: 'pool', provider_id: 'vendor' } : {};
  return bench.connections.create({ name: 'prod', tenant: tenant.id, cloud, target });
}

describe('a probe', () => {
  test('has a subject that no connection ever has, or an audience of another cloud', async () => {
    for (const cloud of ['aws', 'azure', 'gcp']) {
      const connection = await made(cloud);
      for (const { deviation } of probes) {
        const occasion = { iat: 1, ttl: 60, jti: 'x' };
        const resolved = resolveConnection(connection);
        const { sub, aud } = probeClaims(
          resolved,
          occasion,
          deviation(resolved, diagnosisOf(connection.cloud)),
        );
        expect(isId('con', sub) && aud === resolved.destination.audience).toBe(false);
        expect(Buffer.byteLength(sub)).toBeLessThanOrEqual(100);
      }
    }
    const [unknown, foreign] = probes;
    fc.assert(
      fc.property(fc.nat(), (ms) => {
        const resolved = { connection: { id: newId('con', () => ms) } } as ResolvedConnection;
        for (const probe of [unknown, foreign]) {
          const wrong = probe?.deviation(resolved, diagnosisOf('aws'));
          expect(wrong && 'subject' in wrong && !isId('con', wrong.subject)).toBe(true);
        }
      }),
    );
  });

  test('is not signed if it could be a real token', async () => {
    const connection = await made();
    const occasion = { iat: 1, ttl: 60, jti: 'x' };
    for (const deviation of [
      { subject: connection.id },
      { subject: newId('con', () => 7) },
      { audience: 'sts.amazonaws.com' },
    ])
      expect(() => probeClaims(resolveConnection(connection), occasion, deviation)).toThrow(
        'The server failed because of an internal error.',
      );
  });

  test('can be signed only by the first owner of the prober, which is the composition root', () => {
    const take = onlyProber(() => Promise.reject(new Error('never asked')), now);
    expect(take()).toEqual({ sign: expect.any(Function) });
    expect(take).toThrow('The server failed because of an internal error.');
    const taking = sources.filter(({ code }) => /\btakeProber\b/.test(code)).map(({ file }) => file);
    expect(taking.toSorted()).toEqual(['src/server/compose/services.ts', 'src/tokens/issuer/issuers.ts']);
    const signing = sources.filter(({ code }) => /\bprober\.sign\(/.test(code)).map(({ file }) => file);
    expect(signing).toEqual(['src/onboarding/verification/probes.ts']);
  });
});

test('a server that cannot reach its public address does not check its documents', async () => {
  const options = {
    issuers: { of: () => Promise.reject(new Error('never asked')) },
    checkPropagation: false,
    now,
  };
  const unread = new SojournError('cloud_issuer_unreachable');
  expect(await documentChecks(await made(), unread, options)).toEqual([
    {
      name: 'issuer_documents',
      outcome: 'skipped',
      detail: 'keys.check_propagation is off: the server does not fetch its own public documents.',
      advice: null,
    },
  ]);
});

describe('the verification schedule', () => {
  const day = 86_400_000;

  test('verifies each connection once a day, spread over time, and a failing one every hour', async () => {
    const connection = await made();
    expect(dueAt(connection, day)).toBeUndefined();
    const active = await bench.connections.setVerdict(connection, 'active', { actor: 'admin' });
    const at = Date.parse(active.verified_at ?? '');
    const places = Array.from({ length: 50 }, () => dueAt({ ...active, id: newId('con', now) }, day) ?? 0);
    for (const due of places) {
      expect(due - at).toBeGreaterThanOrEqual(0.9 * day);
      expect(due - at).toBeLessThanOrEqual(day);
    }
    expect(new Set(places).size).toBeGreaterThan(40);
    expect(dueAt({ ...active, disabled: true }, day)).toBeUndefined();
    expect((dueAt({ ...active, verdict: 'failing' }, day) ?? 0) - at).toBeLessThanOrEqual(3_600_000);
  });

  test('lets one of many replicas verify, and another one after a crash', async () => {
    const connection = await bench.connections.setVerdict(await made(), 'active', { actor: 'admin' });
    expect(await listDue(bench.connections, bench.store, day, now())).toEqual(new Map());
    bench.clock.ms += day;
    expect([...(await listDue(bench.connections, bench.store, day, now())).keys()]).toEqual(['aws']);
    const claims = () =>
      Promise.all(Array.from({ length: 5 }, () => claimVerification(bench.store, connection, day, now())));
    expect((await claims()).filter(Boolean)).toHaveLength(1);
    expect((await claims()).filter(Boolean)).toHaveLength(0);
    bench.clock.ms += 600_001;
    expect((await claims()).filter(Boolean)).toHaveLength(1);
  });

  test('takes over the retry of a new connection from a stopped replica', async () => {
    const connection = await made();
    const due = async () => [...(await listDue(bench.connections, bench.store, day, now())).values()].flat();
    await storeVerification(bench.store, connection, {
      verification: { retry_at: new Date(now()).toISOString() } as VerificationRecord,
      jws: '',
    });
    expect(await due()).toEqual([]);
    bench.clock.ms += 61_000;
    expect(await due()).toEqual([connection]);
    await bench.connections.remove(connection.id);
    expect([await due(), await bench.store.get('verification', connection.id)]).toEqual([[], undefined]);
  });

  test('has growing retry delays that are never in the past and end with the propagation time', () => {
    for (const seconds of [15, 90, 600]) {
      let now = 1_000_000;
      const times: number[] = [];
      for (let tries = 0; now < 1_000_000 + seconds * 1000; tries++) {
        now = nextRetry({ since: 1_000_000, attempts: tries }, seconds, now);
        times.push(now);
      }
      expect(times.at(-1)).toBe(1_000_000 + seconds * 1000);
      expect(times.length).toBeLessThanOrEqual(6);
    }
  });
});
