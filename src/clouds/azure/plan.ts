/**
 * What the files make in a resource group: for each connection a user-assigned identity of the customer, the federated
 * credential that lets this issuer in as it, and its roles. Needs no right in the directory, and gives every connection its
 * own subject. Every file is one spelling of this plan.
 */
import { invalidRequest } from '../../platform/errors/index.ts';
import type { SetupFacts } from '../contract.ts';
import { caption } from '../encode/index.ts';
import type { AzurePermissionSet, AzureSetupOptions } from './options.ts';

export interface Plan {
  readonly identities: readonly IdentityPlan[];
  /** GUIDs. */
  readonly roles: readonly string[];
  readonly tags: Readonly<Record<string, string>>;
  /** Where the ids of the first identity are reported to. */
  readonly callback: string | undefined;
}

export interface IdentityPlan {
  readonly facts: SetupFacts;
  /** Behind names in a file: empty for the first identity, then 2, 3 … */
  readonly suffix: string;
  readonly name: string;
  readonly credential: string;
  /** Of its role assignments. */
  readonly description: string;
}

/** Built-in role Reader (learn.microsoft.com/azure/role-based-access-control/built-in-roles). */
const reader = 'acdd72a7-3385-48ef-bd42-f606fba81ae7';
const maxRoles = 20;

export function planOf(facts: SetupFacts): Plan {
  const { identity_name, roles = [], tags = {} } = (facts.options ?? {}) as AzureSetupOptions;
  const sets = Object.values((facts.permissions ?? {}) as Readonly<Record<string, AzurePermissionSet>>);
  const wanted = [...new Set([...sets.flatMap((set) => set.roles), ...roles])];
  if (wanted.length > maxRoles)
    throw invalidRequest([{ path: 'permissions', message: `are over ${maxRoles} roles together` }]);
  const all = [facts, ...(facts.additional ?? []).map((one) => one.facts)];
  const identities = all.map((one, at) => identityPlan(one, at === 0 ? '' : String(at + 1), identity_name));
  // Azure tells no names apart by case.
  if (new Set(identities.map(({ name }) => name.toLowerCase())).size < identities.length)
    throw invalidRequest([
      {
        path: 'identity_name',
        message: 'must not be the name of the identity of another connection in the files',
      },
    ]);
  return {
    identities,
    roles: wanted.length > 0 ? wanted : [reader],
    tags,
    callback: facts.callback,
  };
}

function identityPlan(facts: SetupFacts, suffix: string, chosen: string | undefined): IdentityPlan {
  const { connection, vendor } = facts;
  return {
    facts,
    suffix,
    // A chosen name belongs to one identity.
    name: (suffix === '' ? chosen : undefined) ?? resourceName(`sojourn-${connection.id}`, 128),
    credential: credentialName(connection.id),
    description: caption(`Used by ${caption(vendor, 200)} through ${connection.id}.`, 1000),
  };
}

/** What the federated credential of a connection is called. */
export const credentialName = (connection: string): string => resourceName(connection, 120);

/** Letters, digits, hyphens and underscores, the first one a letter or digit. */
const resourceName = (text: string, limit: number): string =>
  text
    .replace(/[^A-Za-z0-9_-]/g, '-')
    .replace(/^[_-]+/, '')
    .slice(0, limit);
