/** Stored clients, connections and guards for unit tests of the decision. */
import type { Rule } from '../../../src/access/clients/index.ts';
import type { Guard, PolicyClient, PolicySubject } from '../../../src/access/policy/index.ts';

export const placeOf = (given: Partial<PolicySubject> & Pick<PolicySubject, 'id'>): PolicySubject => ({
  tenant: 'ten_a',
  cloud: 'aws',
  labels: {},
  disabled: false,
  ...given,
});

export const callerOf = (may_use: readonly Rule[], more: Partial<PolicyClient> = {}): PolicyClient => ({
  may_use,
  disabled: false,
  auth: { method: 'client_secret' },
  ...more,
});

export const guardOf = (given: Partial<Guard> & Pick<Guard, 'require'>): Guard => ({
  name: 'guard',
  match: {},
  mode: 'enforce',
  ...given,
});
