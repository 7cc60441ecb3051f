/**
 * A store that lost acknowledged writes: whatever happened to it, a server refuses to issue, says what is lost, keeps serving
 * the documents, and continues only after `sojourn store accept-rollback`.
 */
import { randomBytes } from 'node:crypto';
import { describe, test } from '@jest/globals';
import { blackHoleBefore } from '../platform/store/black-hole.ts';
import { startPostgres } from '../support/postgres.ts';
import { expectRecovery, expectRefusal, restart, start } from './rollback-stage.ts';
import { later } from './stage.ts';

describe('on PostgreSQL', () => {
  const env = { KEY_OF_KEYS: randomBytes(32).toString('base64url') };
  const keys = { encryption_key: 'env:KEY_OF_KEYS' };

  test('a failover to a standby without the last writes is noticed', async () => {
    const primary = await startPostgres();
    later(() => primary.stop());
    const front = await blackHoleBefore(primary.port);
    later(() => front.close());
    const stage = await start(
      { store: primary.url.replace(`:${primary.port}/`, `:${front.port}/`), keys },
      env,
    );
    const standby = await startPostgres({ standbyOf: primary });
    later(() => standby.stop());
    await standby.kill('SIGKILL');
    await stage.running.admin.patch(`/clients/${stage.client.client_id}`, { disabled: true });
    await primary.kill('SIGKILL');
    await standby.restart();
    await standby.ask('SELECT pg_promote()');
    front.to(standby.port);
    await expectRefusal(stage, /it lacks audit lines|its audit log has/);
    await restart(stage);
    await expectRefusal(stage, /it lacks audit lines|its audit log has/);
    await expectRecovery(stage, /its audit log has \d+ sealed lines|other lines|it lacks/);
  }, 120_000);
});
