/** Archives, exports and prunings on PostgreSQL; `npm test` has the verification. */
import { afterAll, beforeAll } from '@jest/globals';
import { type PostgresServer, startPostgres } from '../../support/postgres.ts';
import { describeFiles } from './files-command.ts';
import { describeInterrupted } from './interrupted.ts';

let common: PostgresServer;
beforeAll(async () => {
  common = await startPostgres();
}, 60_000);
afterAll(() => common.stop());

describeFiles('PostgreSQL', () => common.url);

describeInterrupted(
  'PostgreSQL',
  () => common.url,
  async () => {
    const ask = (sql: string) => common.ask(sql, 'sojourn');
    await ask(
      `CREATE FUNCTION sojourn.fill() RETURNS trigger LANGUAGE plpgsql AS
         $$ BEGIN RAISE 'No space left on device' USING ERRCODE = 'disk_full'; END $$;
       CREATE TRIGGER fill BEFORE UPDATE ON sojourn.journal FOR EACH ROW EXECUTE FUNCTION sojourn.fill()`,
    );
    return { limit: ':', free: () => ask('DROP FUNCTION sojourn.fill CASCADE') };
  },
);
