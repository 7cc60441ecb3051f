/** The GETs by which an access token shows what it opens: subscriptions and their resource groups. */
import { made, type Outcome } from './answers.ts';
import { authorise, type Caller, grants } from './caller.ts';
import type { Estate } from './kinds/kind.ts';
import { type ResourceId, within } from './resource-id.ts';
import { allows } from './roles.ts';

/** Not refused without a role: Azure lists the subscriptions in which the caller holds one anywhere. */
export function subscriptions(caller: Caller, estate: Estate) {
  const visible = estate.directory
    .subscriptions()
    .filter(({ id, tenant }) => tenant === caller.tenant && sees(caller, id, estate));
  return {
    value: visible.map(({ id }) => subscription(id, estate)),
    count: { type: 'Total', value: visible.length },
  };
}

function sees(caller: Caller, id: string, estate: Estate): boolean {
  if (caller.kind === 'administrator') return true;
  return grants(caller, estate).some(({ scope }) => within(scope, `/subscriptions/${id}`));
}

export const subscription = (id: string, { directory }: Estate) => ({
  id: `/subscriptions/${id}`,
  authorizationSource: 'RoleBased',
  managedByTenants: [],
  subscriptionId: id,
  tenantId: directory.tenantOf(id),
  displayName: 'Sandbox',
  state: 'Enabled',
  subscriptionPolicies: {
    locationPlacementId: 'Public_2014-09-01',
    quotaId: 'PayAsYouGo_2014-09-01',
    spendingLimit: 'Off',
  },
});

/** A role on one group shows that group alone; with no role in the subscription the list is refused. */
export function resourceGroups(
  target: ResourceId,
  caller: Caller,
  estate: Estate,
): Outcome<{ value: unknown[] }> {
  const denied = authorise(
    caller,
    'read',
    'Microsoft.Resources/subscriptions/resourcegroups/read',
    target.scope,
    target.subscription,
    estate,
  );
  const groups = estate.directory
    .ofType('Microsoft.Resources/resourceGroups')
    .filter(({ id }) => within(id, target.scope))
    .filter(({ id }) => caller.kind === 'administrator' || allows(grants(caller, estate), 'read', id));
  if (denied && (denied.status !== 403 || groups.length === 0)) return denied;
  return made({ value: groups.map(({ changedAt: _changedAt, ...group }) => group) });
}
