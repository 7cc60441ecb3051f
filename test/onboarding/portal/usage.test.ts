import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { usageOf } from '../../../src/onboarding/portal/usage.ts';
import type { Audit, AuditEvent } from '../../../src/platform/audit/index.ts';
import { createModules, type Modules, noon } from '../../support/modules.ts';

const day = 86_400_000;

let modules: Modules;
let audit: Audit;
beforeEach(async () => {
  modules = await createModules();
  audit = modules.audit();
});
afterEach(() => modules.end());

const record = (event: AuditEvent, connection = 'con_1') =>
  audit.record({ event, outcome: 'ok', actor: 'cli_1', connection, tenant: 'ten_1' });
const usageAt = (time: number) => usageOf(audit, 'con_1', time);

describe("the usage of a connection on the customer's page", () => {
  test('counts the uses of the last 30 days', async () => {
    await record('token.issued');
    modules.clock.ms = noon + 1_000;
    await record('credentials.served');
    await record('exchange.failed');
    await record('token.issued', 'con_2');
    const last = { at: '2026-11-23T12:00:01.000Z', issued: 'credentials' };
    expect(await usageAt(noon + 1_000)).toEqual({ last, count: 2, more: false });
    expect(await usageAt(noon + 30 * day)).toEqual({ last, count: 2, more: false });
    expect(await usageAt(noon + 30 * day + 1)).toEqual({ last, count: 1, more: false });
    expect(await usageAt(noon + 31 * day)).toEqual({ last, count: 0, more: false });
  });

  test('shows at most 1,000 uses, and reads one line of the audit log, whatever else it contains', async () => {
    const limits: number[] = [];
    const spied: Pick<Audit, 'search'> = {
      search: (query) => {
        limits.push(query.limit);
        return audit.search(query);
      },
    };
    const usage = () => usageOf({ ...audit, ...spied }, 'con_1', noon);
    await Promise.all(Array.from({ length: 999 }, () => record('token.issued')));
    await Promise.all(Array.from({ length: 1_500 }, () => record('exchange.failed')));
    expect(await usage()).toMatchObject({ count: 999, more: false });
    await record('credentials.served');
    expect(await usage()).toMatchObject({ count: 1_000, more: true });
    await record('credentials.served');
    expect(await usage()).toMatchObject({ count: 1_000, more: true });
    expect(new Set(limits)).toEqual(new Set([1]));
  });
});
