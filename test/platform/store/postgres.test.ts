import { afterAll, beforeAll } from '@jest/globals';
import { type PostgresServer, startPostgres } from '../../support/postgres.ts';
import { postgresBench } from './bench.ts';
import { describeStore } from './contract.ts';

let common: PostgresServer;
beforeAll(async () => {
  common = await startPostgres();
});
afterAll(() => common.stop());

describeStore('PostgreSQL', () => postgresBench(common.url));
