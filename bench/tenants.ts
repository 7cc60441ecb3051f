/**
 * Start time with a thousand tenants that have their own issuers and keys, and the longest pause of the event loop while
 * all of them are opened and while many of them rotate. Ends after a minute or two.
 */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import { setTimeout as wait } from 'node:timers/promises';
import { createLogger } from '../src/platform/log/index.ts';
import { openStore } from '../src/platform/store/index.ts';
import { systemNow } from '../src/platform/time/index.ts';
import { freePort, startLocalServer } from '../src/sandbox/demo/local-server.ts';

const count = 1_000;
const rotateForMs = 20_000;
const asJson = process.argv.includes('--json');
const log = (text: string) => asJson || process.stderr.write(`${text}\n`);

const folder = await mkdtemp(join(tmpdir(), 'sojourn-bench-'));
const port = await freePort();
try {
  const tenants = await createTenants();
  log(`${count} tenants created`);

  const stopOpening = measureLongestPause();
  const startedAt = performance.now();
  const server = await startLocalServer({ folder, port });
  const ready = performance.now() - startedAt;
  await requestAllJwks(server.issuer, tenants);
  const served = performance.now() - startedAt;
  const openingPause = stopOpening();
  await server.close();
  log('started; now rotating');

  // The publish lead of one second is over and rotate_every is two seconds, so every ring is due at once.
  const rotating = await startLocalServer({ folder, port, config: { keys: { rotate_every: '2s' } } });
  await requestAllJwks(rotating.issuer, tenants);
  const stopRotation = measureLongestPause();
  await wait(rotateForMs);
  const rotationPause = stopRotation();
  const rotated = (await rotating.admin.get<{ items: unknown[] }>('/audit?event=key.activated&limit=200'))
    .items.length;
  await rotating.close();

  const figures = {
    tenants: count,
    ready_ms: Math.round(ready),
    all_served_ms: Math.round(served),
    opening_longest_pause_ms: openingPause,
    rotation_longest_pause_ms: rotationPause,
    rotations_seen: rotated >= 200 ? 'over 200' : String(rotated),
  };
  if (asJson) console.log(JSON.stringify(figures));
  else for (const [name, value] of Object.entries(figures)) console.log(`${name.padEnd(28)}${value}`);
} finally {
  await rm(folder, { recursive: true, force: true });
}

/** Creates one tenant through the server and copies its key ring for the others: the keys need not differ. */
async function createTenants(): Promise<string[]> {
  const server = await startLocalServer({ folder, port });
  const first = await server.admin.post<{ id: string }>('/tenants', {
    name: 'T',
    own_issuer: true,
    own_keys: true,
  });
  await server.close();
  const store = await openStore(`sqlite:${join(folder, 'sojourn.db')}`, {
    logger: createLogger({ level: 'silent' }),
    now: systemNow,
  });
  const tenant = (await store.get<object>('tenant', first.id))!.value;
  const ring = (await store.get<object>('ring', first.id))!.value;
  const ids = [first.id];
  for (let n = 1; n < count; n++) {
    const id = `ten_${String(n).padStart(26, '0')}`;
    const copy = { ...ring, id: randomBytes(16).toString('base64url') };
    await store.insert('tenant', id, { ...tenant, id });
    await store.insert('ring', id, copy);
    ids.push(id);
  }
  await store.close();
  return ids;
}

async function requestAllJwks(issuer: string, tenants: readonly string[]): Promise<void> {
  for (const id of tenants) {
    const response = await fetch(`${issuer}/t/${id}/jwks`);
    if (response.status !== 200) throw new Error(`${id}: ${response.status}`);
    await response.arrayBuffer();
  }
}

/** Measures until the returned function is called, which returns the longest delay of the event loop in milliseconds. */
function measureLongestPause(): () => number {
  const histogram = monitorEventLoopDelay({ resolution: 5 });
  histogram.enable();
  return () => {
    histogram.disable();
    return Math.round(histogram.max / 1e5) / 10;
  };
}
