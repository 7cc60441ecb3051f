/** Two server processes with one issuer on one PostgreSQL. */
import { expect, test } from '@jest/globals';
import { oneConnection } from '../support/server.ts';
import { acceptOnce } from './accept-once.ts';
import { newFolder, postgresStore, server, steadyPort } from './stage.ts';

test('two processes on one PostgreSQL accept each of 50 assertions once', async () => {
  const store = await postgresStore();
  const port = await steadyPort();
  const one = await server({ folder: await newFolder(), port, ...store });
  const other = await server({
    folder: await newFolder(),
    port: await steadyPort(),
    issuerPort: port,
    ...store,
  });
  const { connection } = await oneConnection(one);
  expect(await other.admin.get(`/connections/${connection.id}`)).toMatchObject({ id: connection.id });
  await acceptOnce(one, other);
}, 120_000);
