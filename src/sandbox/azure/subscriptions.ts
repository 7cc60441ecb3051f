/** GET requests that show what an access token allows: subscriptions and their resource groups. */

import { authorize, grants, type Principal } from './principal.ts';
import { type ResourceId, within } from './resource-id.ts';
import type { CloudState } from './resource-types/resource-type.ts';
import { type Outcome, ok } from './responses.ts';
import { allows } from './roles.ts';

/** Succeeds without a role: Azure lists the subscriptions in which the principal has a role at any scope. */
export function subscriptions(principal: Principal, state: CloudState) {
  const visible = state.directory
    .subscriptions()
    .filter(({ id, tenant }) => tenant === principal.tenant && hasAnyRole(principal, id, state));
  return {
    value: visible.map(({ id }) => subscription(id, state)),
    count: { type: 'Total', value: visible.length },
  };
}

function hasAnyRole(principal: Principal, id: string, state: CloudState): boolean {
  if (principal.kind === 'administrator') return true;
  return grants(principal, state).some(({ scope }) => within(scope, `/subscriptions/${id}`));
}

export const subscription = (id: string, { directory }: CloudState) => ({
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

/**
 * With a role on one group, the list contains only that group; without any role in the subscription it is refused.
 */
export function resourceGroups(
  target: ResourceId,
  principal: Principal,
  state: CloudState,
): Outcome<{ value: unknown[] }> {
  const denied = authorize(
    principal,
    'read',
    'Microsoft.Resources/subscriptions/resourcegroups/read',
    target.scope,
    target.subscription,
    state,
  );
  const groups = state.directory
    .ofType('Microsoft.Resources/resourceGroups')
    .filter(({ id }) => within(id, target.scope))
    .filter(({ id }) => principal.kind === 'administrator' || allows(grants(principal, state), 'read', id));
  if (denied && (denied.status !== 403 || groups.length === 0)) return denied;
  return ok({ value: groups.map(({ changedAt: _changedAt, ...group }) => group) });
}
