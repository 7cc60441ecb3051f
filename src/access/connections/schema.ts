/** Input schemas of connections, and checks that need the tenant or the cloud. */
import { z } from 'zod';
import { type Algorithm, algorithms, cloudField, cloudOf, type Entry } from '../../clouds/index.ts';
import { type Fault, invalidRequest } from '../../platform/errors/index.ts';
import { labelsField, nameField, read, validate } from '../../platform/validation/index.ts';
import type { OpenTenant, Tenants } from '../tenants/index.ts';
import { approvalSettings, type Connection, type Purposes } from './connection.ts';
import { purposesField, validatePurposes } from './purposes.ts';

const algorithmField = z.enum(algorithms, `must be ${algorithms.join(' or ')}`);
const ttlField = z
  .number()
  .int()
  .min(60, 'must be 60 seconds or more')
  .max(3600, 'must be 3600 seconds at most');
const approvalField = z.enum(approvalSettings, `must be ${approvalSettings.join(' or ')}`);
const targetField = z.record(z.string(), z.unknown());

export const connectionInput = z.strictObject({
  name: nameField,
  tenant: z.string(),
  cloud: cloudField,
  target: targetField.default({}),
  labels: labelsField.default({}),
  purposes: purposesField.optional(),
  algorithm: algorithmField.optional(),
  token_ttl: ttlField.optional(),
  approval: approvalField
    .default('none')
    .describe('Whether each client needs a time-limited grant of an administrator.'),
});

/** Tenant, cloud and issuer cannot change. `target` is merged: null removes a field. */
export const connectionPatch = z.strictObject({
  name: nameField.optional(),
  target: targetField.optional(),
  labels: labelsField.optional().describe('Replaces all labels.'),
  purposes: purposesField.optional().describe('Replaces all purposes.'),
  algorithm: algorithmField.optional(),
  token_ttl: ttlField.nullable().optional(),
  approval: approvalField.optional(),
});

export type ConnectionPatch = z.output<typeof connectionPatch>;

/** The target with these fields merged; null removes a field. Throws `invalid_request`. */
export function merge(
  { cloud, target }: Pick<Connection, 'cloud' | 'target'>,
  fields: Readonly<Record<string, unknown>> = {},
  at = 'target',
): Connection['target'] {
  const merged = Object.entries({ ...target, ...fields }).filter(([, value]) => value !== null);
  return read(cloudOf(cloud).target, Object.fromEntries(merged), at);
}

export function chooseAlgorithm(
  destination: Entry,
  available: readonly Algorithm[],
  wanted: Algorithm | undefined,
): Algorithm {
  const usable = destination.algorithms.filter((alg) => available.includes(alg));
  const chosen = wanted ? usable.find((alg) => alg === wanted) : usable[0];
  if (chosen) return chosen;
  const message =
    usable.length > 0
      ? `must be ${usable.join(' or ')} for this cloud`
      : `this server has no key that the cloud accepts (${destination.algorithms.join(', ')})`;
  throw invalidRequest([{ path: 'algorithm', message }]);
}

export const unknownTenant: Fault = { path: 'tenant', message: 'there is no such tenant' };

/** What can be validated of an input whose other fields are invalid. */
const lenientInput = z.looseObject({
  tenant: connectionInput.shape.tenant.optional().catch(undefined),
  cloud: connectionInput.shape.cloud.optional().catch(undefined),
  target: connectionInput.shape.target.optional().catch(undefined),
  purposes: connectionInput.shape.purposes.catch(undefined),
});

export interface NewConnection extends Omit<z.output<typeof connectionInput>, 'tenant' | 'purposes'> {
  readonly tenant: OpenTenant;
  readonly purposes?: Purposes;
}

/**
 * Parses the input of a new connection: the fields by their schema, target and purposes by those of the cloud, and the tenant
 * by the only read of its record.
 *
 * @throws {SojournError} `invalid_request` with the faults of all fields, also of those that depend on others
 */
export async function readNewConnection(
  input: unknown,
  tenants: Pick<Tenants, 'open'>,
): Promise<NewConnection> {
  const base = validate(connectionInput, input);
  const known = base.value ?? lenientInput.safeParse(input).data ?? {};
  const tenant = known.tenant === undefined ? undefined : await tenants.open(known.tenant);
  const target =
    known.cloud && known.target ? validate(cloudOf(known.cloud).target, known.target, 'target') : undefined;
  const purposes =
    known.cloud && target?.value && known.purposes
      ? validatePurposes(known.cloud, target.value, known.purposes)
      : undefined;
  const faults = [
    ...base.faults,
    ...(known.tenant !== undefined && !tenant ? [unknownTenant] : []),
    ...(target?.faults ?? []),
    ...(purposes?.faults ?? []),
  ];
  if (faults.length > 0 || !base.value || !tenant || !target?.value) throw invalidRequest(faults);
  const { purposes: _, ...fields } = base.value;
  return {
    ...fields,
    tenant,
    target: target.value,
    ...(purposes?.value ? { purposes: purposes.value } : {}),
  };
}

/**
 * The vendor must state the values of a shared principal when the connection begins to use one: those that it has may come
 * from a customer's report.
 *
 * @throws {SojournError} `invalid_request`
 */
export function requireSharedPrincipal(
  { cloud, target: before }: Pick<Connection, 'cloud' | 'target'>,
  after: Connection['target'],
  stated: Readonly<Record<string, unknown>> = {},
): void {
  const { entry } = cloudOf(cloud);
  if (entry(before).sharedPrincipalFields.length > 0) return;
  const faults = entry(after)
    .sharedPrincipalFields.filter((name) => !(name in stated))
    .map((name) => ({
      path: `target.${name}`,
      message:
        'must be given again: all customers will share this principal, so no report may have chosen it',
    }));
  if (faults.length > 0) throw invalidRequest(faults);
}
