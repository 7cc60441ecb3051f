import { afterAll, beforeAll } from '@jest/globals';
import { type PostgresServer, startPostgres } from '../../support/postgres.ts';
import { postgresBench } from '../store/bench.ts';
import { describeSealing } from './sealing.ts';

let common: PostgresServer;
beforeAll(async () => {
  common = await startPostgres();
}, 60_000);
afterAll(() => common.stop());

describeSealing('PostgreSQL', () => postgresBench(common.url));
