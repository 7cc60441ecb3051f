/** A server and the sandbox under one clock, with a bucket there that the server may fill without a key. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { freePort } from '../../../src/sandbox/demo/local-server.ts';
import { type Sandbox, startSandbox } from '../../../src/sandbox/index.ts';
import { cloudsAt } from '../../e2e/customer.ts';
import { type TestServer, testServer } from '../../support/server.ts';

export interface PublishingBench {
  readonly sandbox: Sandbox;
  readonly clock: { ms: number };
  server: TestServer;
  /** Starts the server, or starts it anew with these settings of `keys`, and whatever else. */
  start(keys?: Record<string, unknown>, more?: Record<string, unknown>): Promise<TestServer>;
  end(): Promise<void>;
}

export async function publishingBench(): Promise<PublishingBench> {
  // Real hours, that a test may move on: tokens are judged by the sandbox's clock.
  const clock = { ms: 0 };
  const now = () => Date.now() + clock.ms;
  const sandbox = await startSandbox({ listen: { host: '127.0.0.1', port: 0 }, now });
  const folder = await mkdtemp(join(tmpdir(), 'sojourn-publication-'));
  const port = await freePort();
  const bench: PublishingBench = {
    sandbox,
    clock,
    server: undefined as unknown as TestServer,
    async start(keys = {}, more = {}) {
      await bench.server?.stop();
      const config = { clouds: cloudsAt(sandbox.origin), keys, ...more };
      bench.server = await testServer({ folder, port, now, config });
      return bench.server;
    },
    async end() {
      await bench.server?.stop();
      await sandbox.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
  return bench;
}

/** Looks until there is something, for as long as the test may take. */
export async function until<T>(look: () => Promise<T | undefined | false>): Promise<T> {
  for (;;) {
    const found = await look();
    if (found) return found;
    await wait(100);
  }
}

export interface Check {
  readonly name: string;
  readonly ok: boolean;
  readonly detail: string;
}

/** What /readyz says under this name. */
export async function checkOf({ adminOrigin }: TestServer, name: string): Promise<Check | undefined> {
  const answer = await fetch(`${adminOrigin}/readyz`);
  const { checks } = (await answer.json()) as { checks: Check[] };
  return checks.find((check) => check.name === name);
}

/** The lines of the audit for this event, newest first, without what differs from run to run. */
export async function auditOf({ admin }: TestServer, event: string): Promise<Record<string, unknown>[]> {
  const { items } = await admin.get<{ items: Record<string, unknown>[] }>(`/audit?event=${event}`);
  return items.map((line) =>
    Object.fromEntries(Object.entries(line).filter(([member]) => !['id', 'occurred_at'].includes(member))),
  );
}
