import { afterAll, beforeAll } from '@jest/globals';
import { type PostgresServer, startPostgres } from '../../support/postgres.ts';
import { describeVerification } from './verify-property.ts';

let common: PostgresServer;
beforeAll(async () => {
  common = await startPostgres();
}, 60_000);
afterAll(() => common.stop());

describeVerification('PostgreSQL', () => common.url);
