import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from '@jest/globals';
import {
  askToken,
  oneConnection,
  type TestClient,
  type TestConnection,
  withSecret,
} from '../support/server.ts';
import { sojourn } from '../tools/cli/arrange.ts';
import { environment, type ProcessOptions, type ServerProcess } from './process.ts';
import { newFolder, server, steadyPort } from './stage.ts';

export interface Stage {
  readonly options: ProcessOptions;
  running: ServerProcess;
  readonly client: TestClient;
  readonly connection: TestConnection;
}

export async function start(
  config: Record<string, unknown> = {},
  env: Record<string, string> = {},
): Promise<Stage> {
  const options = { folder: await newFolder(), port: await steadyPort(), config, env };
  const running = await server(options);
  const { client, connection } = await oneConnection(running);
  const stage = { options, running, client, connection };
  expect(await token(stage)).toMatchObject({ status: 200 });
  await until(async () => (await readiness(stage)).status === 200 && (await isMarked(stage)));
  return stage;
}

export const token = ({ running, client, connection }: Stage) =>
  askToken(running.issuer, withSecret(client, connection));

export async function readiness({ running }: Stage): Promise<{ status: number; store: string }> {
  const answer = await fetch(`${running.adminOrigin}/readyz`);
  const { checks } = (await answer.json()) as { checks: { name: string; detail: string }[] };
  return { status: answer.status, store: checks.find(({ name }) => name === 'store')?.detail ?? '' };
}

/** Whether this replica has seen a checkpoint. */
export const isMarked = async ({ options }: Stage): Promise<boolean> => {
  const { readPrivateFile } = await import('../../src/tokens/keys/index.ts');
  return (await readPrivateFile(join(options.folder, 'keys', 'audit.mark'))) !== undefined;
};

export async function until(condition: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + 20_000;
  while (!(await condition())) {
    if (performance.now() > end) throw new Error('the condition did not come true within 20 s');
    await sleep(100);
  }
}

export async function restart(stage: Stage): Promise<void> {
  await stage.running.stop('SIGTERM');
  stage.running = await server(stage.options);
}

/** What every loss has in common; `lost` is the reason that /readyz states. */
export async function expectRefusal(stage: Stage, lost: RegExp): Promise<void> {
  await until(async () => /^has lost/.test((await readiness(stage)).store));
  const { status, store } = await readiness(stage);
  expect(status).toBe(503);
  expect(store).toMatch(
    /^has lost acknowledged writes: .*; restore a backup, or run `sojourn store accept-rollback`$/,
  );
  expect(store).toMatch(lost);
  const refused = await token(stage);
  expect(refused.status === 200 ? refused : 'refused').toBe('refused');
  expect((await fetch(`${stage.running.issuer}/jwks`)).status).toBe(200);
  expect((await fetch(`${stage.running.issuer}/.well-known/openid-configuration`)).status).toBe(200);
  await until(async () => stage.running.output().includes('the store has lost acknowledged writes'));
}

export async function accept({ options }: Stage): Promise<Record<string, unknown>> {
  const file = join(options.folder, 'sojourn.yaml');
  const result = await sojourn(
    ['store', 'accept-rollback', '--reason', 'tested', '--config', file, '--json'],
    environment(options.env),
  );
  expect(result).toMatchObject({ code: 0, err: '' });
  return JSON.parse(result.out) as Record<string, unknown>;
}

/** The loss is accepted, the server is ready again, and the act is in the audit log. */
export async function expectRecovery(stage: Stage, lost: RegExp): Promise<void> {
  const acceptance = await accept(stage);
  expect(acceptance).toMatchObject({ lost: expect.stringMatching(lost) });
  await until(async () => (await readiness(stage)).status === 200);
  const { items } = await stage.running.admin.get<{ items: unknown[] }>(
    '/audit?event=store.rollback_accepted',
  );
  expect(items).toMatchObject([{ actor: 'admin', outcome: 'ok', reason: 'tested', facts: { epoch: 1 } }]);
}
