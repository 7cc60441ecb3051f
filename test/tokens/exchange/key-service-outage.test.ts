/** An outage of the key service while cached credentials are still valid. */
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { type FakeCloud, json, startFakeCloud } from '../../clouds/fake-cloud.ts';
import { azurePass } from '../../clouds/outside.ts';
import { gcpKmsService, keyRing } from '../keys/services/gcp-kms.ts';
import { openPipeline, type Pipeline } from './pipeline.ts';

const guid = '11111111-1111-4111-8111-111111111111';
const minute = 60_000;

let ahead: number;
let cloud: FakeCloud;
let service: Awaited<ReturnType<typeof gcpKmsService>>;
let pipeline: Pipeline;

beforeEach(async () => {
  ahead = 0;
  cloud = await startFakeCloud();
  cloud.answers = ['first', 'second'].map((access_token) => json(200, { ...azurePass, access_token }));
  service = await gcpKmsService();
  const gcp_kms = {
    ...{ key_ring: keyRing, rsa_key: 'rsa', ec_key: 'ec' },
    ...{ endpoint: service.origin, metadata_endpoint: service.metadata.origin },
  };
  pipeline = await openPipeline({
    now: () => Date.now() + ahead,
    config: {
      clouds: { azure: { authority_host: cloud.origin } },
      tokens: { ttl: '1h' },
      keys: { backend: 'gcp-kms', gcp_kms, stale_after: '1d' },
    },
  });
}, 60_000);
afterEach(async () => {
  await pipeline.close();
  await cloud.close();
  await service.stop();
  await service.metadata.stop();
});

test.each<[string, string, () => unknown]>([
  ['is down', 'key_backend_unavailable', () => service.stop()],
  ['throttles', 'key_backend_throttled', () => (service.trouble.throttled = 1_000)],
  ['denies access', 'key_backend_refused', () => (service.trouble.denied = true)],
  ['signs with another key', 'key_backend_signature_invalid', () => (service.trouble.wrong = true)],
])(
  'while the key service %s, the server serves cached credentials until they expire',
  async (_, code, interrupt) => {
    const { id } = await pipeline.connect('azure', { tenant_id: guid, client_id: guid });
    const responseWith = (access_token: string) => ({
      connection: id,
      cloud: 'azure',
      expires_at: expect.any(String),
      credentials: { access_token, token_type: 'Bearer' },
    });
    const first = await pipeline.credentials(id);
    expect(first).toEqual({ status: 200, retryAfter: null, body: responseWith('first') });
    await interrupt();
    // First a refresh in the background, then one that callers wait for.
    for (const minutes of [51, 56]) {
      ahead = minutes * minute;
      expect(await pipeline.credentials(id)).toEqual(first);
      expect(await pipeline.credentials(id)).toEqual(first);
    }
    expect(cloud.asked).toHaveLength(1);
    const refused = await pipeline.audit(`connection=${id}&event=exchange.failed`);
    const reasons = refused.map(({ outcome, reason }) => `${outcome} ${String(reason).split(':')[0]}`);
    expect(new Set(reasons)).toEqual(new Set([`failed ${code}`]));
    expect(await pipeline.audit(`connection=${id}&event=credentials.served`)).toHaveLength(5);
    ahead = 59.5 * minute;
    expect(await pipeline.credentials(id)).toMatchObject({ status: 503, body: { code } });
  },
);
