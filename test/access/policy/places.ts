/** Clients, connections and guards as the store keeps them, for tests of the decision alone. */
import type { Rule } from '../../../src/access/clients/index.ts';
import type { Caller, Guard, Place } from '../../../src/access/policy/index.ts';

export const placeOf = (given: Partial<Place> & Pick<Place, 'id'>): Place => ({
  tenant: 'ten_a',
  cloud: 'aws',
  labels: {},
  disabled: false,
  ...given,
});

export const callerOf = (may_use: readonly Rule[], more: Partial<Caller> = {}): Caller => ({
  may_use,
  disabled: false,
  auth: { method: 'client_secret' },
  ...more,
});

export const guardOf = (given: Partial<Guard> & Pick<Guard, 'require'>): Guard => ({
  name: 'guard',
  on: {},
  mode: 'enforce',
  ...given,
});
