/**
 * A thousand tenants with issuers and keys of their own: how long a start takes, and the longest pause of the event loop
 * while all of them are opened and while many of them rotate. Bounded: it stops by itself after a minute or two.
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
const say = (text: string) => asJson || process.stderr.write(`${text}\n`);

const folder = await mkdtemp(join(tmpdir(), 'sojourn-bench-'));
const port = await freePort();
try {
  const tenants = await makeTenants();
  say(`${count} tenants made`);

  const opening = pauses();
  const begun = performance.now();
  const server = await startLocalServer({ folder, port });
  const ready = performance.now() - begun;
  await allServed(server.issuer, tenants);
  const served = performance.now() - begun;
  const openingPause = opening();
  await server.close();
  say('started; now rotating');

  // The lead of one second is over, so with a plan in the past every ring is due at once.
  const rotating = await startLocalServer({ folder, port, config: { keys: { rotate_every: '2s' } } });
  await allServed(rotating.issuer, tenants);
  const during = pauses();
  await wait(rotateForMs);
  const rotationPause = during();
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

/** One tenant made by the server, and its ring copied for the others: keys cost the same wherever they came from. */
async function makeTenants(): Promise<string[]> {
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
    const own = { ...ring, id: randomBytes(16).toString('base64url') };
    await store.insert('tenant', id, { ...tenant, id });
    await store.insert('ring', id, own);
    ids.push(id);
  }
  await store.close();
  return ids;
}

async function allServed(issuer: string, tenants: readonly string[]): Promise<void> {
  for (const id of tenants) {
    const answer = await fetch(`${issuer}/t/${id}/jwks`);
    if (answer.status !== 200) throw new Error(`${id}: ${answer.status}`);
    await answer.arrayBuffer();
  }
}

/** The longest the loop was late, in milliseconds, from now until the returned function is called. */
function pauses(): () => number {
  const histogram = monitorEventLoopDelay({ resolution: 5 });
  histogram.enable();
  return () => {
    histogram.disable();
    return Math.round(histogram.max / 1e5) / 10;
  };
}
