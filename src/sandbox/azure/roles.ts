/** Built-in roles of Azure RBAC by id, and what they allow on the sandbox's resources. */
import type { Directory } from './directory.ts';
import { within } from './resource-id.ts';
import { stringOf } from './template/json.ts';

/** `grant`: writing under Microsoft.Authorization, which Contributor does not allow. `blob…` are data actions. */
export type Action = 'read' | 'write' | 'grant' | 'blob.read' | 'blob.write';

interface Role {
  readonly name: string;
  readonly actions: readonly Action[];
}

const none: readonly Action[] = [];
const roles: ReadonlyMap<string, Role> = new Map<string, Role>([
  ['acdd72a7-3385-48ef-bd42-f606fba81ae7', { name: 'Reader', actions: ['read'] }],
  ['b24988ac-6180-42a0-ab88-20f7382dd24c', { name: 'Contributor', actions: ['read', 'write'] }],
  ['8e3af657-a8ff-443c-a75c-2fe8c4bcb635', { name: 'Owner', actions: ['read', 'write', 'grant'] }],
  [
    'f58310d9-a9f6-439a-9e8d-f62e7b41a168',
    { name: 'Role Based Access Control Administrator', actions: ['read', 'grant'] },
  ],
  ['43d0d8ad-25c7-4714-9337-8ba259a9fe05', { name: 'Monitoring Reader', actions: ['read'] }],
  ['73c42c96-874c-492b-b04d-ab87d138a893', { name: 'Log Analytics Reader', actions: ['read'] }],
  // Data roles allow access to data only, not to Azure Resource Manager.
  ['2a2b9908-6ea1-4ae2-8e65-a410df84e7d1', { name: 'Storage Blob Data Reader', actions: ['blob.read'] }],
  [
    'ba92f5b4-2d11-453d-a403-e96b0029c9fe',
    { name: 'Storage Blob Data Contributor', actions: ['blob.read', 'blob.write'] },
  ],
  ['4633458b-17de-408a-b874-0445c86b69e6', { name: 'Key Vault Secrets User', actions: none }],
]);

export const roleExists = (roleId: string): boolean => roles.has(roleId.toLowerCase());

/** The id at the end of a roleDefinitionId of any scope. */
export const roleIdOf = (roleDefinitionId: string): string =>
  /\/providers\/Microsoft\.Authorization\/roleDefinitions\/([0-9a-f-]{36})$/i.exec(roleDefinitionId)?.[1] ??
  '';

export interface Grant {
  readonly scope: string;
  readonly actions: readonly Action[];
}

/** The principal's permissions by scope, from assignments made before `settledBefore` (milliseconds). */
export function grantsOf(directory: Directory, principalId: string, settledBefore: number): readonly Grant[] {
  return directory
    .ofType('Microsoft.Authorization/roleAssignments')
    .filter(
      ({ properties, changedAt }) => properties.principalId === principalId && changedAt <= settledBefore,
    )
    .map(({ properties }) => ({
      scope: stringOf(properties.scope),
      actions: roles.get(roleIdOf(stringOf(properties.roleDefinitionId)).toLowerCase())?.actions ?? none,
    }));
}

export const allows = (grants: readonly Grant[], action: Action, id: string): boolean =>
  grants.some(({ scope, actions }) => actions.includes(action) && within(id, scope));
