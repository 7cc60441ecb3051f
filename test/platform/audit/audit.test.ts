import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type AuditEntry, type AuditQuery, createAudit } from '../../../src/platform/audit/index.ts';
import { sampleRefusals } from '../../../src/platform/limits/index.ts';
import { createLogger } from '../../../src/platform/log/index.ts';
import type { Store } from '../../../src/platform/store/index.ts';
import { createModules, type Modules, noon } from '../../support/modules.ts';

let bench: Modules;
beforeEach(async () => {
  bench = await createModules();
});
afterEach(() => bench.end());

const issued: AuditEntry = {
  event: 'token.issued',
  outcome: 'ok',
  actor: 'cli_1',
  client: 'cli_1',
  connection: 'con_1',
  tenant: 'ten_1',
  jti: 'jti_1',
  kid: 'kid_1',
  sub: 'con_1',
  aud: 'sts.amazonaws.com',
  source_ip: '192.0.2.1',
  request_id: 'req_1',
};
const refused: AuditEntry = {
  event: 'token.refused',
  outcome: 'refused',
  actor: 'unknown',
  client: 'cli_1',
  reason: 'invalid_client',
};
const entries: readonly AuditEntry[] = [
  issued,
  { ...issued, jti: 'jti_2', client: 'cli_2', actor: 'cli_2' },
  refused,
  { event: 'connection.created', outcome: 'ok', actor: 'admin', connection: 'con_2', tenant: 'ten_1' },
  { event: 'key.activated', outcome: 'ok', actor: 'system', kid: 'kid_2', facts: { alg: 'ES256' } },
];

/** One entry per minute. */
async function filled() {
  const audit = bench.audit();
  for (const [minute, entry] of entries.entries()) {
    bench.clock.ms = noon + minute * 60_000;
    await audit.record(entry);
  }
  return audit;
}

describe('the audit log', () => {
  test('returns an entry complete, with its id and time', async () => {
    const audit = await filled();
    expect((await audit.search({ jti: 'jti_1', limit: 10 })).items).toEqual([
      { ...issued, id: expect.any(Number), occurred_at: '2026-11-23T12:00:00.000Z' },
    ]);
  });

  test.each<[Omit<AuditQuery, 'limit'>, number[]]>([
    [{}, [4, 3, 2, 1, 0]],
    [{ client: 'cli_1' }, [2, 0]],
    [{ connection: 'con_1' }, [1, 0]],
    [{ tenant: 'ten_1' }, [3, 1, 0]],
    [{ jti: 'jti_2' }, [1]],
    [{ event: 'token.refused' }, [2]],
    [{ tenant: 'ten_1', client: 'cli_2' }, [1]],
    [{ client: 'con_1' }, []],
    [{ jti: 'cli_1' }, []],
    [{ from: noon + 60_000, to: noon + 120_000 }, [2, 1]],
    [{ client: 'cli_1', from: noon + 1 }, [2]],
    [{ to: noon - 1 }, []],
  ])('returns the newest entries first when searched by %j', async (query, found) => {
    const { items, next } = await (await filled()).search({ ...query, limit: 10 });
    expect(items.map(({ id: _id, occurred_at: _at, ...entry }) => entry)).toEqual(
      found.map((place) => entries[place]),
    );
    expect(next).toBeUndefined();
  });

  test('is paged without gaps or duplicates, also while it grows', async () => {
    const audit = await filled();
    const first = await audit.search({ limit: 2 });
    await audit.record(issued);
    const second = await audit.search({ limit: 2, before: Number(first.next) });
    const third = await audit.search({ limit: 2, before: Number(second.next) });
    expect([...first.items, ...second.items, ...third.items].map(({ event }) => event)).toEqual(
      [4, 3, 2, 1, 0].map((place) => entries[place]!.event),
    );
    expect(third.next).toBeUndefined();
  });

  test('writes each entry to the log too', async () => {
    await filled();
    expect(bench.lines().map(({ level, audit, msg }) => ({ level, audit, msg }))).toEqual(
      entries.map((entry) => ({ level: 'info', audit: entry, msg: entry.event })),
    );
  });

  test('logs the text that the store has, in the shape of every other line', async () => {
    await bench.audit().record({ ...issued, facts: { alg: 'ES256', quoted: '"token":"x"\n\u2028\ud83d' } });
    const [{ text } = { text: '' }] = await bench.store.log.lines(0, 1);
    expect(bench.logged()).toBe(
      `{"level":"info","time":"2026-11-23T12:00:00.000Z","audit":${text},"msg":"token.issued"}\n`,
    );
    expect(bench.lines()[0]?.audit).toEqual(JSON.parse(String(text)));
  });

  test('is not in the log if its level is above info', async () => {
    let lines = 0;
    const logger = createLogger({ level: 'warn', destination: { write: () => void lines++ } });
    await createAudit({ store: bench.store, logger, now: () => noon, onFailure: 'refuse' }).record(issued);
    expect(lines).toBe(0);
  });

  test.each(['token', 'client_secret', 'd', 'authorization', 'session_token'])(
    'redacts the field %s of an entry in the log',
    async (field) => {
      const value = 'eyJhbGciOiJFUzI1NiJ9.e30.c2ln';
      for (const careless of [
        { ...issued, [field]: value },
        { ...issued, facts: { [field]: value } },
        { [field]: value, ...issued },
      ])
        await bench.audit().record(careless);
      expect(bench.logged()).not.toContain(value);
      expect(bench.logged().match(/\[secret\]/g)?.length).toBe(3);
    },
  );
});

describe('an audit log that cannot be written', () => {
  beforeEach(() => bench.store.close());

  test('rejects the entry with onFailure refuse, and logs it', async () => {
    await expect(bench.audit('refuse').record(issued)).rejects.toMatchObject({
      code: 'audit_unavailable',
      status: 503,
      retryAfter: 5,
    });
    expect(bench.lines()).toEqual([
      expect.objectContaining({ level: 'error', audit: issued, msg: 'cannot write the audit log' }),
    ]);
  });

  test('accepts the entry with onFailure continue, and logs it completely', async () => {
    await bench.audit('continue').record(issued);
    expect(bench.lines()).toEqual([
      expect.objectContaining({ level: 'error', audit: issued, msg: 'cannot write the audit log' }),
    ]);
  });

  test('counts a refusal of an unauthenticated caller whose line it could not write', async () => {
    const other = await createModules();
    let store: Store = bench.store;
    const now = () => bench.clock.ms;
    const audit = createAudit({
      store: { ...store, append: (line) => store.append(line) },
      ...{
        logger: createLogger({ level: 'silent' }),
        now,
        onFailure: 'refuse',
        refusals: sampleRefusals(now),
      },
    });
    const refusal: AuditEntry = { ...refused, source_ip: '192.0.2.1' };
    for (let times = 0; times < 3; times++)
      await expect(audit.record(refusal)).rejects.toMatchObject({ code: 'audit_unavailable' });
    bench.clock.ms += 60_000;
    await audit.tick();
    store = other.store;
    await audit.tick();
    bench.clock.ms += 60_000;
    await audit.tick();
    const { items } = await other.audit().search({ limit: 10 });
    expect(items.map(({ event, facts }) => [event, facts?.count])).toEqual([['token.refused', 3]]);
    await other.end();
  });

  test('fails a search instead of returning no entries', async () => {
    await expect(bench.audit().search({ limit: 1 })).rejects.toMatchObject({ code: 'store_unavailable' });
  });
});
