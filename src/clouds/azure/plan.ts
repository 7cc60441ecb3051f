/**
 * The resources that the set-up files create in a resource group: for each connection, a user-assigned identity, its
 * federated credential for this issuer and the subject of the connection, and its roles. This needs no permission in the
 * directory. Every file is this plan in another format.
 */
import { invalidRequest } from '../../platform/errors/index.ts';
import type { SetupFacts } from '../contract/index.ts';
import { caption } from '../encode/index.ts';
import type { AzurePermissionSet, AzureSetupOptions } from './options.ts';

export interface Plan {
  readonly identities: readonly IdentityPlan[];
  /** GUIDs. */
  readonly roles: readonly string[];
  readonly tags: Readonly<Record<string, string>>;
  /** The URL to which the ids of the first identity are reported. */
  readonly callback: string | undefined;
}

export interface IdentityPlan {
  readonly facts: SetupFacts;
  /** Suffix of names in a file: empty for the first identity, then 2, 3 … */
  readonly suffix: string;
  readonly name: string;
  readonly credential: string;
  /** The description of its role assignments. */
  readonly description: string;
}

/** Built-in role Reader (learn.microsoft.com/azure/role-based-access-control/built-in-roles). */
const reader = 'acdd72a7-3385-48ef-bd42-f606fba81ae7';
const maxRoles = 20;

export function planOf(facts: SetupFacts): Plan {
  const { identity_name, roles = [], tags = {} } = (facts.options ?? {}) as AzureSetupOptions;
  const sets = Object.values((facts.permissions ?? {}) as Readonly<Record<string, AzurePermissionSet>>);
  const allRoles = [...new Set([...sets.flatMap((set) => set.roles), ...roles])];
  if (allRoles.length > maxRoles)
    throw invalidRequest([{ path: 'permissions', message: `must be ${maxRoles} roles at most in total` }]);
  const connections = [facts, ...(facts.additional ?? []).map((connection) => connection.facts)];
  const identities = connections.map((connection, index) =>
    identityPlan(connection, index === 0 ? '' : String(index + 1), identity_name),
  );
  // Names in Azure are case-insensitive.
  if (new Set(identities.map(({ name }) => name.toLowerCase())).size < identities.length)
    throw invalidRequest([
      {
        path: 'identity_name',
        message: 'must not be the identity name of another connection in the files',
      },
    ]);
  return {
    identities,
    roles: allRoles.length > 0 ? allRoles : [reader],
    tags,
    callback: facts.callback,
  };
}

function identityPlan(facts: SetupFacts, suffix: string, chosen: string | undefined): IdentityPlan {
  const { connection, vendor } = facts;
  return {
    facts,
    suffix,
    // A chosen name applies to the first identity only.
    name: (suffix === '' ? chosen : undefined) ?? resourceName(`sojourn-${connection.id}`, 128),
    credential: credentialName(connection.id),
    description: caption(`Used by ${caption(vendor, 200)} through ${connection.id}.`, 1000),
  };
}

/** The name of a connection's federated credential. */
export const credentialName = (connection: string): string => resourceName(connection, 120);

/** Only letters, digits, hyphens and underscores, starting with a letter or digit. */
const resourceName = (text: string, limit: number): string =>
  text
    .replace(/[^A-Za-z0-9_-]/g, '-')
    .replace(/^[_-]+/, '')
    .slice(0, limit);
