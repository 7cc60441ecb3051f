/** `sojourn exec` of the client of a pipeline, with nothing of the environment of the tests. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { clientsFolder } from '../../support/clients.ts';
import { loopbackOnly } from '../../support/no-network.ts';
import type { Pipeline } from './pipeline.ts';

const sojourn = join(import.meta.dirname, '../../../bin/sojourn.js');

/** Runs the source of a module, which can import the clients. */
export async function execModule(
  { client, base }: Pick<Pipeline, 'client' | 'base'>,
  connections: readonly string[],
  source: string,
  env: Readonly<Record<string, string>> = {},
): Promise<{ code: number | null; out: string; err: string }> {
  const program = [process.execPath, '--input-type=module', '-e', source];
  const child = spawn(process.execPath, [sojourn, 'exec', ...connections, '--', ...program], {
    cwd: existsSync(clientsFolder) ? clientsFolder : '/',
    env: {
      PATH: process.env.PATH ?? '',
      ...loopbackOnly,
      SOJOURN_ISSUER: base,
      SOJOURN_CLIENT_ID: client.client_id,
      SOJOURN_CLIENT_SECRET: client.client_secret,
      ...env,
    },
    timeout: 60_000,
  });
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return { code: child.exitCode, out, err };
}
