/** The memory of what is counted or remembered for each caller, over more callers than the server remembers. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from '@jest/globals';
import { createKeyCache } from '../../../src/access/federation/key-cache.ts';
import type { Audit } from '../../../src/platform/audit/index.ts';
import { SojournError } from '../../../src/platform/errors/index.ts';
import {
  createFairQueue,
  createKnownAddresses,
  createRequestLimits,
} from '../../../src/platform/limits/index.ts';
import { createUnauthenticatedCallers } from '../../../src/server/http/public/unauthenticated-callers.ts';
import { createCredentialsCache } from '../../../src/tokens/exchange/cache.ts';
import { createTenantLookups } from '../../../src/tokens/issuer/tenant-lookups.ts';
import { repetitions } from '../../support/scale.ts';

const count = repetitions({ part: 200_000, full: 1_000_000 });
/** Far below what one entry for each caller would take: 28 MB for 200,000. */
const maxGrowth = 16 * 1024 * 1024;

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;
const heap = (): number => {
  collect();
  return process.memoryUsage().heapUsed;
};

const now = () => 1_800_000_000_000;
const addressOf = (number: number) => `10.${number >> 16}.${(number >> 8) & 255}.${number & 255}`;
const audit: Pick<Audit, 'record'> = { record: async () => {} };
const limits = () =>
  createRequestLimits({ audit: audit as Audit, now, perAddress: 1, perClient: 1, perInvitation: 1 });
const context = (number: number) => ({ source_ip: addressOf(number), request_id: 'r' });

/** Far more than the pauses and limits of the structures. */
const steadyClock = () => {
  let milliseconds = 0;
  return () => (milliseconds += 1);
};
const keySource = (id: string, kid: string) => ({
  id,
  fetch: async () => ({ url: id, keys: [{ kty: 'EC' as const, kid, alg: 'ES256' }] }),
  missing: () => new SojournError('server_busy'),
});

type Remember = (number: number) => unknown;
const structures: Record<string, () => Remember> = {
  'addresses with requests': () => {
    const { countAddress } = limits();
    return (number) => countAddress(context(number));
  },
  'clients with requests': () => {
    const { countClient } = limits();
    return (number) => countClient(context(1), `cli_${number}`);
  },
  'invitations with requests': () => {
    const { countInvitation } = limits();
    return (number) => countInvitation(context(1), `inv_${number}`);
  },
  'connections that customers change': () => {
    const { countChange } = limits();
    return (number) => countChange(context(1), `con_${number}`);
  },
  'addresses with failed sign-ins': () => {
    const { signIns } = createUnauthenticatedCallers({
      ...{ limits: limits(), audit: audit as Audit, now, knownAddresses: createKnownAddresses(now) },
      ...{ failedSignIns: 60, refusedSignIns: 60 },
    });
    return (number) => signIns.recordFailure(context(number));
  },
  'addresses of clients': () => {
    const { add } = createKnownAddresses(now);
    return (number) => add(context(number));
  },
  'issuers of federated clients': () => {
    const { keysOf } = createKeyCache(now);
    return (number) => keysOf(keySource(`https://issuer-${number}.example`, 'a'), () => true);
  },
  'key ids that an issuer does not list': () => {
    const { keysOf } = createKeyCache(now);
    const source = keySource('https://issuer.example', 'a');
    return (number) => keysOf(source, (keys) => keys.some(({ kid }) => kid === `kid-${number}`));
  },
  'tenants in paths that do not exist': () => {
    const { find } = createTenantLookups(async () => undefined, steadyClock());
    return (number) => find(`ten_${number}`, false);
  },
  'tenants with exchanges': () => {
    const { run } = createFairQueue({ total: 64, perTenant: 16 });
    return (number) => run(`ten_${number}`, async () => {});
  },
  'connections that a cloud refuses': () => {
    const cache = createCredentialsCache({ now, elapsed: now, maxEntries: 10_000 });
    const refusal = new SojournError('cloud_trust_refused');
    const fetch = async () => Promise.reject(refusal);
    // A quarter of them, because an error costs more time than a count.
    return (number) =>
      number % 4 === 0 &&
      cache
        .get(`con_${number}`, { fetch, staleOn: () => false, isRefusal: () => true })
        .catch(() => undefined);
  },
};

describe('the memory for', () => {
  test.each(Object.keys(structures))(
    '%s is bounded',
    async (name) => {
      const before = heap();
      const remember = structures[name]!();
      for (let number = 0; number < count; number++) await remember(number);
      const growth = heap() - before;
      // Used here, so that it was not collected.
      await remember(0);
      expect(growth).toBeLessThan(maxGrowth);
    },
    120_000,
  );
});
