/** The resources of a set-up as a policy rule sees them, and the condition that names exactly one of them. */
import type { SetupFacts } from '../../contract/index.ts';
import { planOf } from '../plan.ts';
import { identityType } from '../template.ts';
import { type Environment, notRead } from './expression.ts';

export interface Planned {
  readonly step: string;
  readonly type: string;
  readonly name: string;
  /** By the last part of the alias. */
  readonly properties: Readonly<Record<string, unknown>>;
  readonly exact: readonly object[];
}

const credentialType = `${identityType}/federatedIdentityCredentials`;
const assignmentType = 'Microsoft.Authorization/roleAssignments';
const someSubscription = '/subscriptions/00000000-0000-0000-0000-000000000000';

export function plannedResources(facts: SetupFacts): readonly Planned[] {
  const { issuer, subject, audience } = facts;
  const { identities, roles } = planOf(facts);
  return identities.slice(0, 1).flatMap(({ name, credential }) => [
    {
      step: 'create the identity',
      ...{ type: identityType, name, properties: {} },
      exact: [{ field: 'name', equals: name }],
    },
    {
      step: 'create the federated credential',
      ...{ type: credentialType, name: credential, properties: { issuer, subject, audiences: [audience] } },
      exact: exactCredential(facts),
    },
    ...roles.map((role) => ({
      step: `assign the role ${role}`,
      type: assignmentType,
      name: '',
      properties: {
        principalType: 'ServicePrincipal',
        roleDefinitionId: `${someSubscription}/providers/Microsoft.Authorization/roleDefinitions/${role}`,
      },
      // The principal does not exist yet.
      exact: [
        { field: `${assignmentType}/roleDefinitionId`, contains: role },
        { field: `${assignmentType}/principalType`, equals: 'ServicePrincipal' },
      ],
    })),
  ]);
}

export const exactCredential = ({ issuer, subject }: SetupFacts): readonly object[] => [
  { field: `${credentialType}/issuer`, equals: issuer },
  { field: `${credentialType}/subject`, equals: subject },
];

export const isCredential = { field: 'type', equals: credentialType };

/** Location, tags, ids and the principal are chosen later. */
export const environmentOf = (
  { type, name, properties }: Planned,
  parameter: Environment['parameter'],
): Environment => ({
  parameter,
  field(field) {
    const text = field.toLowerCase();
    if (text === 'type') return type;
    if (text === 'name' && name !== '') return name;
    const prefix = `${type.toLowerCase()}/`;
    if (!text.startsWith(prefix)) {
      if (text.includes('/')) return undefined;
      throw notRead(field);
    }
    const key = field.slice(prefix.length).replace('[*]', '');
    const found = Object.entries(properties).find(([own]) => own.toLowerCase() === key.toLowerCase());
    if (found) return found[1];
    throw notRead(field);
  },
});
