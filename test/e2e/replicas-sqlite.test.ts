/** Two server processes with one issuer on one SQLite file, as while one replaces the other on a machine. */
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { oneConnection } from '../support/server.ts';
import { acceptOnce } from './accept-once.ts';
import { newFolder, server, steadyPort } from './stage.ts';

test('two processes on one SQLite file accept each of 50 assertions once', async () => {
  const folder = await newFolder();
  const config = { store: `sqlite:${join(folder, 'shared.db')}` };
  const port = await steadyPort();
  const one = await server({ folder, port, config });
  const other = await server({
    folder: await newFolder(),
    port: await steadyPort(),
    issuerPort: port,
    config,
  });
  // What one is told, the other knows.
  const { connection } = await oneConnection(one);
  expect(await other.admin.get(`/connections/${connection.id}`)).toMatchObject({ id: connection.id });
  await acceptOnce(one, other);
}, 120_000);
