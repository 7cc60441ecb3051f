/** A server and the sandbox on one clock, for tests that publish to the sandbox's buckets. */
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
  /** Starts or restarts the server with these settings of `keys` and `more` at the top level. */
  start(keys?: Record<string, unknown>, more?: Record<string, unknown>): Promise<TestServer>;
  end(): Promise<void>;
}

export async function publishingBench(): Promise<PublishingBench> {
  // The real time plus an offset that the test sets: the sandbox checks token times against its own clock.
  const clock = { ms: 0 };
  const now = () => Date.now() + clock.ms;
  const sandbox = await startSandbox({ listen: { host: '127.0.0.1', port: 0 }, now });
  const folder = await mkdtemp(join(tmpdir(), 'sojourn-publishing-'));
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

/** Polls until `read` returns a value; the test's timeout bounds it. */
export async function until<T>(read: () => Promise<T | undefined | false>): Promise<T> {
  for (;;) {
    const value = await read();
    if (value) return value;
    await wait(100);
  }
}

export interface Check {
  readonly name: string;
  readonly ok: boolean;
  readonly detail: string;
}

/** The check of this name in /readyz. */
export async function checkOf({ adminOrigin }: TestServer, name: string): Promise<Check | undefined> {
  const answer = await fetch(`${adminOrigin}/readyz`);
  const { checks } = (await answer.json()) as { checks: Check[] };
  return checks.find((check) => check.name === name);
}

/** The audit lines of this event, newest first, without the members that differ from run to run. */
export async function auditOf({ admin }: TestServer, event: string): Promise<Record<string, unknown>[]> {
  const { items } = await admin.get<{ items: Record<string, unknown>[] }>(`/audit?event=${event}`);
  return items.map((line) =>
    Object.fromEntries(Object.entries(line).filter(([member]) => !['id', 'occurred_at'].includes(member))),
  );
}
