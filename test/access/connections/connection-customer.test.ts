import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { stateOf, unavailableReason } from '../../../src/access/connections/index.ts';
import {
  aMinuteLater,
  atNoon,
  createModules,
  faultsOf,
  type Modules,
  roleArn,
} from '../../support/modules.ts';

let bench: Modules;
let id: string;
beforeEach(async () => {
  bench = await createModules();
  const tenant = (await bench.tenants.create({ name: 'Acme' })).id;
  ({ id } = await bench.connections.create({ name: 'prod', tenant, cloud: 'aws' }));
});
afterEach(() => bench.end());

const by = { actor: 'admin' };
const other = roleArn.replace('111122223333', '999988887777');

describe('a set-up report', () => {
  test('changes the target and makes the connection pending until it is verified', async () => {
    const { connections } = bench;
    await connections.setVerdict(await connections.get(id), 'failing', by);
    const changes: unknown[] = [];
    connections.onVerdict(({ connection: _, ...change }) => void changes.push(change));
    const reported = await connections.report(id, { role_arn: roleArn });
    expect(reported).toMatchObject({
      target: { role_arn: roleArn, region: 'us-east-1' },
      verdict: 'pending',
    });
    expect(await connections.get(id)).toEqual(reported);
    await connections.report(id, { role_arn: roleArn });
    expect(changes).toEqual([{ from: 'failing', to: 'pending', actor: 'customer' }]);
  });

  test('changes nothing once the connection has been active, even if it is failing or was updated since', async () => {
    const { connections } = bench;
    await connections.report(id, { role_arn: roleArn });
    const active = await connections.setVerdict(await connections.get(id), 'active', by);
    expect(active.activated_at).toBe(atNoon);
    const settled = { code: 'target_locked' };
    await expect(connections.report(id, { role_arn: other })).rejects.toMatchObject(settled);
    await connections.setVerdict(await connections.get(id), 'failing', by);
    await expect(connections.report(id, { role_arn: other })).rejects.toMatchObject(settled);
    await connections.update(id, { target: { duration_seconds: 900 } });
    await expect(connections.report(id, { role_arn: other })).rejects.toMatchObject(settled);
    expect((await connections.get(id)).target.role_arn).toBe(roleArn);
    // What is there already can be said again.
    expect((await connections.report(id, { role_arn: roleArn })).target.role_arn).toBe(roleArn);
  });

  test('changes nothing of a connection that became active before activated_at existed', async () => {
    const { connections, store } = bench;
    await connections.report(id, { role_arn: roleArn });
    const { activated_at: _, ...former } = await connections.setVerdict(
      await connections.get(id),
      'active',
      by,
    );
    const { version } = (await store.get('connection', id))!;
    await store.replace('connection', id, version, former);
    await expect(connections.report(id, { role_arn: other })).rejects.toMatchObject({
      code: 'target_locked',
    });
    expect(await connections.get(id)).toEqual(former);
  });

  test('is rejected if a purpose would no longer narrow the target', async () => {
    const { connections } = bench;
    await connections.update(id, {
      purposes: { read: { policy_arns: ['arn:aws:iam::111122223333:policy/p'] } },
    });
    const before = await connections.get(id);
    expect(await faultsOf(() => connections.report(id, { role_arn: other }))).toEqual([
      { path: 'purposes.read', message: expect.stringMatching(/^does not match the reported values\./) },
    ]);
    expect(await connections.get(id)).toEqual(before);
    expect((await connections.report(id, { role_arn: roleArn })).target.role_arn).toBe(roleArn);
  });

  test('keeps the connection pending if a verification of an earlier target succeeds', async () => {
    const { connections } = bench;
    const tried = await connections.report(id, { role_arn: roleArn });
    await connections.report(id, { role_arn: other });
    expect((await connections.setVerdict(tried, 'active', by)).verdict).toBe('pending');
    expect(await connections.get(id)).not.toHaveProperty('activated_at');
    expect((await connections.setVerdict(await connections.get(id), 'active', by)).verdict).toBe('active');
  });
});

describe('a pause', () => {
  test('belongs to the invitation that paused first, is lifted only with its permission, and is independent of being disabled', async () => {
    const { connections, clock } = bench;
    await connections.setVerdict(await connections.get(id), 'active', by);
    const paused = await connections.pause(id, 'first');
    expect([stateOf(paused), unavailableReason(paused), paused.paused_at]).toEqual([
      'paused',
      'connection_paused',
      atNoon,
    ]);
    clock.ms += 60_000;
    expect(await connections.pause(id, 'second')).toEqual(paused);
    expect(unavailableReason(await connections.setDisabled(id, true))).toBe('connection_disabled');
    await connections.setDisabled(id, false);
    const asked: string[] = [];
    const answer = (leave: boolean) => async (backend: string) => {
      asked.push(backend);
      return leave;
    };
    await expect(connections.resume(id, answer(false))).rejects.toMatchObject({
      code: 'pause_not_owned',
    });
    expect(stateOf(await connections.get(id))).toBe('paused');
    const resumed = await connections.resume(id, answer(true));
    expect([stateOf(resumed), unavailableReason(resumed), resumed.updated_at]).toEqual([
      'active',
      undefined,
      aMinuteLater,
    ]);
    expect(resumed).not.toHaveProperty('paused_at');
    expect(resumed).not.toHaveProperty('paused_by');
    expect(asked).toEqual(['first', 'first']);
    // Nobody holds it: there is nobody to ask.
    expect(stateOf(await connections.resume(id, answer(false)))).toBe('active');
  });
});
